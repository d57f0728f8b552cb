// Tool: JDBC (pgjdbc)
// Packages: default-jdk-headless libpostgresql-jdbc-java
// Version: dpkg-query -W -f '${Version}' libpostgresql-jdbc-java | sed 's/-.*//'
// Command: java -cp /usr/share/java/postgresql.jar tools/jdbc.java
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Types;
import java.util.Map;

class Jdbc
{
	static Connection connection;

	interface Step
	{
		String run() throws SQLException;
	}

	// recipe: transaction
	// Called first in each transaction
	static void nameTheActor(Connection connection, String actor, String role) throws SQLException
	{
		try (PreparedStatement call = connection.prepareStatement("SELECT contact_guard.act_as(?, role => ?)"))
		{
			call.setString(1, actor);
			call.setString(2, role);
			call.execute();
		}
	}
	// end of recipe

	static String read(ResultSet rows) throws SQLException
	{
		StringBuilder read = new StringBuilder();
		while (rows.next())
			read.append(' ').append(rows.getLong("id")).append('=').append(rows.getString("phone"));
		return read.toString();
	}

	static String query(String condition, Object... given) throws SQLException
	{
		try (PreparedStatement statement = connection.prepareStatement("SELECT id, phone FROM customer " + condition))
		{
			for (int i = 0; i < given.length; i++)
				statement.setObject(i + 1, given[i]);
			return read(statement.executeQuery());
		}
	}

	static String update() throws SQLException
	{
		try (PreparedStatement statement = connection.prepareStatement("SELECT * FROM customer WHERE id = 2",
				ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_UPDATABLE))
		{
			ResultSet row = statement.executeQuery();
			row.next();
			row.updateString("city", "Paris");
			row.updateString("phone", row.getString("phone"));
			row.updateRow();
		}
		return query("WHERE id = 2 AND city = 'Paris'");
	}

	static String insert() throws SQLException
	{
		try (PreparedStatement statement = connection.prepareStatement("INSERT INTO customer (name, phone, city) VALUES (?, ?, ?)", new String[] { "id" }))
		{
			statement.setString(1, "New");
			statement.setString(2, "0639980031");
			statement.setString(3, "Lyon");
			statement.executeUpdate();
			ResultSet key = statement.getGeneratedKeys();
			key.next();
			return query("WHERE id = ?", key.getLong(1));
		}
	}

	static String cursor() throws SQLException
	{
		try (PreparedStatement statement = connection.prepareStatement("SELECT id, phone FROM customer WHERE id <= 8 ORDER BY id"))
		{
			statement.setFetchSize(3);
			return read(statement.executeQuery());
		}
	}

	// From the fifth execution on, pgjdbc prepares a statement in the server.
	static String prepared() throws SQLException
	{
		StringBuilder read = new StringBuilder();
		try (PreparedStatement statement = connection.prepareStatement("SELECT id, phone FROM customer WHERE id <= ? ORDER BY id"))
		{
			statement.unwrap(org.postgresql.PGStatement.class).setPrepareThreshold(1);
			for (int i = 0; i < 3; i++)
			{
				statement.setLong(1, 2);
				read.append(read(statement.executeQuery()));
			}
		}
		return read.toString();
	}

	static String savepoint() throws SQLException
	{
		Savepoint savepoint = connection.setSavepoint();
		try (PreparedStatement statement = connection.prepareStatement("INSERT INTO customer VALUES (1, 'Twice', '0639980099', 'Lyon')"))
		{
			statement.executeUpdate();
		}
		catch (SQLException expected)
		{
			connection.rollback(savepoint);
		}
		return query("WHERE id = ?", 1L);
	}

	static void step(String name, String actor, String role, Step step) throws SQLException
	{
		try
		{
			if (!actor.equals("pool"))
				nameTheActor(connection, actor, role);
			System.out.println(name + " " + actor + step.run());
			connection.commit();
		}
		catch (SQLException error)
		{
			System.out.println(name + " " + actor + " ERROR " + error.getSQLState() + " " + error.getMessage().replace('\n', ' '));
			connection.rollback();
		}
	}

	public static void main(String[] arguments) throws SQLException
	{
		Map<String, String> env = System.getenv();
		connection = DriverManager.getConnection("jdbc:postgresql://" + env.get("PGHOST") + ":" + env.get("PGPORT") + "/" + env.get("PGDATABASE"), "pool", "pool");
		connection.setAutoCommit(false);
		step("list", "anna", null, () -> query("ORDER BY id LIMIT ?", 5));
		step("page", "anna", null, () -> query("ORDER BY id LIMIT ? OFFSET ?", 5, 20));
		step("detail", "anna", null, () -> query("WHERE id = ?", 1L));
		step("update", "anna", null, () -> update());
		step("search", "anna", null, () -> query("WHERE phone = ?", "0639980001"));
		step("missed", "anna", null, () -> query("WHERE phone = ?", "0639980007"));
		step("insert", "anna", null, () -> insert());
		step("cursor", "anna", null, () -> cursor());
		step("prepared", "anna", null, () -> prepared());
		step("savepoint", "anna", null, () -> savepoint());
		step("forgotten", "pool", null, () -> query("WHERE id <= ? ORDER BY id", 3L));
		step("found", "m.dupont", "dispatcher", () -> query("WHERE phone = ?", "0639980007"));
		step("plan", "m.dupont", "dispatcher", () -> query("WHERE id IN (?, ?) ORDER BY id", 8L, 9L));

		connection.setAutoCommit(true);
		connection.createStatement().execute("SELECT contact_guard.act_as_session('anna')");
		System.out.println("session anna" + query("WHERE id <= ? ORDER BY id", 3L));
		connection.createStatement().execute("SELECT contact_guard.act_as_nobody()");
		System.out.println("nobody pool" + query("WHERE id = ?", 1L));
	}
}
