# Tool: psqlODBC, with pyodbc
# Packages: odbc-postgresql unixodbc python3-pyodbc
# Version: dpkg-query -W -f '${Version}' odbc-postgresql | sed 's/^1://; s/-.*//'
# Command: python3 tools/psqlodbc.py
# With: `UseDeclareFetch=1` for roles with a standing permission only, because its cursors are WITH HOLD; `0` is the default
import os

import pyodbc

pyodbc.pooling = False
BASE = (f"DRIVER={{PostgreSQL Unicode}};SERVER={os.environ['PGHOST']};PORT={os.environ['PGPORT']};"
        f"DATABASE={os.environ['PGDATABASE']};UID=pool;PWD=pool;")
connection = pyodbc.connect(BASE, autocommit=False)
ROWS = 'SELECT id, phone FROM customer '


# recipe: transaction
def act_as(connection, actor, role=None):
    connection.execute('SELECT contact_guard.act_as(?, role => ?)', actor, role).fetchall()
# end of recipe


def step(name, actor, function, role=None, connection=connection):
    try:
        if actor != 'pool':
            act_as(connection, actor, role)
        rows = function(connection)
        print(name, actor, *(f'{c.id}={c.phone}' for c in rows), flush=True)
        connection.commit()
    except Exception as error:
        connection.rollback()
        print(name, actor, 'ERROR', str(error).replace('\n', ' '), flush=True)


def query(text, *given):
    return lambda connection: connection.execute(ROWS + text, *given).fetchall()


def update(connection):
    row = connection.execute('SELECT * FROM customer WHERE id = 2').fetchone()
    connection.execute('UPDATE customer SET name = ?, phone = ?, city = ? WHERE id = ?', row.name, row.phone, 'Paris', row.id)
    return query("WHERE id = 2 AND city = 'Paris'")(connection)


def insert(connection):
    row = connection.execute('INSERT INTO customer (name, phone, city) VALUES (?, ?, ?) RETURNING id', 'New', '0639980031', 'Lyon').fetchone()
    return query('WHERE id = ?', row.id)(connection)


def prepared(connection):
    cursor = connection.cursor()
    return [row for _ in range(3) for row in cursor.execute(ROWS + 'WHERE id <= ? ORDER BY id', 2).fetchall()]


step('list', 'anna', query('ORDER BY id LIMIT 5'))
step('page', 'anna', query('ORDER BY id LIMIT 5 OFFSET 20'))
step('detail', 'anna', query('WHERE id = ?', 1))
step('update', 'anna', update)
step('search', 'anna', query('WHERE phone = ?', '0639980001'))
step('missed', 'anna', query('WHERE phone = ?', '0639980007'))
step('insert', 'anna', insert)
step('prepared', 'anna', prepared)
step('forgotten', 'pool', query('WHERE id <= ? ORDER BY id', 3))
step('found', 'm.dupont', query('WHERE phone = ?', '0639980007'), 'dispatcher')
fetching = pyodbc.connect(BASE + 'UseDeclareFetch=1;Fetch=1', autocommit=False)
step('plan', 'm.dupont', query('WHERE id IN (8, 9) ORDER BY id'), 'dispatcher', connection=fetching)
fetching.close()

connection.autocommit = True
connection.execute("SELECT contact_guard.act_as_session('anna')").fetchall()
print('session anna', *(f'{c.id}={c.phone}' for c in query('WHERE id <= 3 ORDER BY id')(connection)))
connection.execute('SELECT contact_guard.act_as_nobody()').fetchall()
print('nobody pool', *(f'{c.id}={c.phone}' for c in query('WHERE id = 1')(connection)))
