# Tool: psycopg 3
# Packages: python3-psycopg
# Version: python3 -c 'import psycopg; print(psycopg.__version__)'
# Command: python3 tools/psycopg3.py
import psycopg
from psycopg.rows import namedtuple_row

connection = psycopg.connect(autocommit=True, row_factory=namedtuple_row)
ROWS = 'SELECT id, phone FROM customer '


def act_as(connection, actor, role=None):
    connection.execute('SELECT contact_guard.act_as(%s, role => %s)', [actor, role])


def step(name, actor, function, user=('anna', None)):
    try:
        with connection.transaction():
            if user:
                act_as(connection, *user)
            print(name, actor, *(f'{c.id}={c.phone}' for c in function()), flush=True)
    except Exception as error:
        print(name, actor, 'ERROR', type(error).__name__, str(error).replace('\n', ' '), flush=True)


def query(text, *given, **options):
    return connection.execute(text, given, **options)


def update():
    phone = query('SELECT phone FROM customer WHERE id = 2').fetchone().phone
    return query('UPDATE customer SET city = %s, phone = %s WHERE id = 2 RETURNING id, phone', 'Paris', phone)


def insert():
    number = query('INSERT INTO customer (name, phone, city) VALUES (%s, %s, %s) RETURNING id', 'New', '0639980031', 'Lyon').fetchone().id
    return query(ROWS + 'WHERE id = %s', number)


def cursor():
    with connection.cursor('customers') as named:
        named.itersize = 3
        named.execute(ROWS + 'WHERE id <= 8 ORDER BY id')
        return list(named)


def savepoint():
    try:
        with connection.transaction():
            query("INSERT INTO customer VALUES (1, 'Twice', '0639980099', 'Lyon')")
    except psycopg.errors.UniqueViolation:
        pass
    return query(ROWS + 'WHERE id = 1')


def prepared():
    for _ in range(3):
        yield from query(ROWS + 'WHERE id <= %s ORDER BY id', 2, prepare=True)


step('list', 'anna', lambda: query(ROWS + 'ORDER BY id LIMIT 5'))
step('page', 'anna', lambda: query(ROWS + 'ORDER BY id LIMIT 5 OFFSET 20'))
step('detail', 'anna', lambda: query(ROWS + 'WHERE id = %s', 1))
step('update', 'anna', update)
step('search', 'anna', lambda: query(ROWS + 'WHERE phone = %s', '0639980001'))
step('missed', 'anna', lambda: query(ROWS + 'WHERE phone = %s', '0639980007'))
step('insert', 'anna', insert)
step('cursor', 'anna', cursor)
step('prepared', 'anna', prepared)
step('savepoint', 'anna', savepoint)
step('forgotten', 'pool', lambda: query(ROWS + 'WHERE id <= %s ORDER BY id', 3, prepare=True), user=None)
step('found', 'm.dupont', lambda: query(ROWS + 'WHERE phone = %s', '0639980007', prepare=True), user=('m.dupont', 'dispatcher'))
step('plan', 'm.dupont', lambda: query(ROWS + 'WHERE id = ANY (%s) ORDER BY id', [8, 9]), user=('m.dupont', 'dispatcher'))

query("SELECT contact_guard.act_as_session('anna')")
print('session anna', *(f'{c.id}={c.phone}' for c in query(ROWS + 'WHERE id <= 3 ORDER BY id')))
query('SELECT contact_guard.act_as_nobody()')
print('nobody pool', *(f'{c.id}={c.phone}' for c in query(ROWS + 'WHERE id = 1')))
