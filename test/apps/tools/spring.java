// Tool: Spring JDBC, with its transaction manager
// Packages: default-jdk-headless libpostgresql-jdbc-java libspring-jdbc-java libspring-transaction-java libspring-core-java libspring-beans-java libcommons-logging-java
// Version: dpkg-query -W -f '${Version}' libspring-jdbc-java | sed 's/-.*//'
// Command: java -cp /usr/share/java/postgresql.jar:/usr/share/java/spring3-jdbc.jar:/usr/share/java/spring3-transaction.jar:/usr/share/java/spring3-core.jar:/usr/share/java/spring3-beans.jar:/usr/share/java/commons-logging.jar tools/spring.java
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.RowMapper;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.TransactionTemplate;

class Spring
{
	record User(String name, String role) { }

	/** Stands for Spring Security's context. */
	static final ThreadLocal<User> currentUser = new ThreadLocal<>();

	// recipe: transaction
	/** For each transaction of @Transactional or a TransactionTemplate: the bean transactionManager. */
	static class NamingTransactionManager extends DataSourceTransactionManager
	{
		NamingTransactionManager(DataSource dataSource)
		{
			super(dataSource);
		}

		@Override
		protected void prepareTransactionalConnection(Connection connection, TransactionDefinition definition) throws SQLException
		{
			super.prepareTransactionalConnection(connection, definition);
			if (currentUser.get() == null)
				return;
			try (PreparedStatement call = connection.prepareStatement("SELECT contact_guard.act_as(?, role => ?)"))
			{
				call.setString(1, currentUser.get().name());
				call.setString(2, currentUser.get().role());
				call.execute();
			}
		}
	}
	// end of recipe

	static final RowMapper<String> ROW = (row, number) -> row.getLong("id") + "=" + row.getString("phone");
	static JdbcTemplate jdbc;
	static TransactionTemplate transaction;

	static List<String> query(String condition, Object... given)
	{
		return jdbc.query("SELECT id, phone FROM customer " + condition, ROW, given);
	}

	static List<String> update()
	{
		Map<String, Object> row = jdbc.queryForMap("SELECT * FROM customer WHERE id = ?", 2L);
		jdbc.update("UPDATE customer SET name = ?, phone = ?, city = ? WHERE id = ?", row.get("name"), row.get("phone"), "Paris", row.get("id"));
		return query("WHERE id = ? AND city = ?", 2L, "Paris");
	}

	static List<String> insert()
	{
		long id = jdbc.queryForObject("INSERT INTO customer (name, phone, city) VALUES (?, ?, ?) RETURNING id", Long.class, "New", "0639980031", "Lyon");
		return query("WHERE id = ?", id);
	}

	static List<String> cursor()
	{
		jdbc.setFetchSize(3);
		try
		{
			return query("WHERE id <= ? ORDER BY id", 8L);
		}
		finally
		{
			jdbc.setFetchSize(-1);
		}
	}

	static List<String> savepoint()
	{
		TransactionTemplate nested = new TransactionTemplate(transaction.getTransactionManager());
		nested.setPropagationBehavior(TransactionDefinition.PROPAGATION_NESTED);
		try
		{
			nested.execute(status -> jdbc.update("INSERT INTO customer VALUES (1, 'Twice', '0639980099', 'Lyon')"));
		}
		catch (DuplicateKeyException expected)
		{
		}
		return query("WHERE id = ?", 1L);
	}

	static void step(String name, String actor, String role, Supplier<List<String>> work)
	{
		currentUser.set(actor.equals("pool") ? null : new User(actor, role));
		try
		{
			List<String> rows = transaction.execute(status -> work.get());
			System.out.println(name + " " + actor + " " + String.join(" ", rows));
		}
		catch (RuntimeException error)
		{
			System.out.println(name + " " + actor + " ERROR " + error.getMessage().replace('\n', ' '));
		}
	}

	public static void main(String[] arguments) throws SQLException
	{
		Map<String, String> env = System.getenv();
		SingleConnectionDataSource source = new SingleConnectionDataSource("jdbc:postgresql://" + env.get("PGHOST") + ":" + env.get("PGPORT") + "/" + env.get("PGDATABASE"), "pool", "pool", true);
		jdbc = new JdbcTemplate(source);
		transaction = new TransactionTemplate(new NamingTransactionManager(source));
		step("list", "anna", null, () -> query("ORDER BY id LIMIT ?", 5));
		step("page", "anna", null, () -> query("ORDER BY id LIMIT ? OFFSET ?", 5, 20));
		step("detail", "anna", null, () -> query("WHERE id = ?", 1L));
		step("update", "anna", null, () -> update());
		step("search", "anna", null, () -> query("WHERE phone = ?", "0639980001"));
		step("missed", "anna", null, () -> query("WHERE phone = ?", "0639980007"));
		step("insert", "anna", null, () -> insert());
		step("cursor", "anna", null, () -> cursor());
		step("savepoint", "anna", null, () -> savepoint());
		step("forgotten", "pool", null, () -> query("WHERE id <= ? ORDER BY id", 3L));
		step("found", "m.dupont", "dispatcher", () -> query("WHERE phone = ?", "0639980007"));
		step("plan", "m.dupont", "dispatcher", () -> query("WHERE id IN (?, ?) ORDER BY id", 8L, 9L));

		jdbc.execute("SELECT contact_guard.act_as_session('anna')");
		System.out.println("session anna " + String.join(" ", query("WHERE id <= ? ORDER BY id", 3L)));
		jdbc.execute("SELECT contact_guard.act_as_nobody()");
		System.out.println("nobody pool " + String.join(" ", query("WHERE id = ?", 1L)));
		source.destroy();
	}
}
