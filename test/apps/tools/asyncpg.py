# Tool: asyncpg
# Packages: python3-asyncpg
# Version: dpkg-query -W -f '${Version}' python3-asyncpg | sed 's/-.*//'
# Command: python3 tools/asyncpg.py
import sys

sys.path.pop(0)  # this file has the name of the package
import asyncio

import asyncpg

ROWS = 'SELECT id, phone FROM customer '


# recipe: transaction
async def act_as(connection, actor, role=None):
    await connection.execute('SELECT contact_guard.act_as($1, role => $2)', actor, role)
# end of recipe


def query(text, *given):
    return lambda connection: connection.fetch(ROWS + text, *given)


async def update(connection):
    row = await connection.fetchrow('SELECT * FROM customer WHERE id = 2')
    return await connection.fetch('UPDATE customer SET name = $2, phone = $3, city = $4 WHERE id = $1 RETURNING id, phone',
                                  row['id'], row['name'], row['phone'], 'Paris')


async def insert(connection):
    made = await connection.fetchval("INSERT INTO customer (name, phone, city) VALUES ($1, $2, $3) RETURNING id",
                                     'New', '0639980031', 'Lyon')
    return await query('WHERE id = $1', made)(connection)


async def cursor(connection):
    return [row async for row in connection.cursor(ROWS + 'WHERE id <= 8 ORDER BY id', prefetch=3)]


async def prepared(connection):
    statement = await connection.prepare(ROWS + 'WHERE id <= $1 ORDER BY id')
    return [row for _ in range(3) for row in await statement.fetch(2)]


async def savepoint(connection):
    try:
        async with connection.transaction():
            await connection.execute("INSERT INTO customer VALUES (1, 'Twice', '0639980099', 'Lyon')")
    except asyncpg.UniqueViolationError:
        pass
    return await query('WHERE id = $1', 1)(connection)


def say(name, actor, rows):
    print(name, actor, *(f"{row['id']}={row['phone']}" for row in rows), flush=True)


async def main():
    pool = await asyncpg.create_pool(max_size=1, min_size=1)

    async def step(name, actor, function, role=None):
        try:
            async with pool.acquire() as connection, connection.transaction():
                if actor != 'pool':
                    await act_as(connection, actor, role)
                say(name, actor, await function(connection))
        except Exception as error:
            print(name, actor, 'ERROR', type(error).__name__, str(error).replace('\n', ' '), flush=True)

    await step('list', 'anna', query('ORDER BY id LIMIT $1', 5))
    await step('page', 'anna', query('ORDER BY id LIMIT $1 OFFSET $2', 5, 20))
    await step('detail', 'anna', query('WHERE id = $1', 1))
    await step('update', 'anna', update)
    await step('search', 'anna', query('WHERE phone = $1', '0639980001'))
    await step('missed', 'anna', query('WHERE phone = $1', '0639980007'))
    await step('insert', 'anna', insert)
    await step('cursor', 'anna', cursor)
    await step('prepared', 'anna', prepared)
    await step('savepoint', 'anna', savepoint)
    await step('forgotten', 'pool', query('WHERE id <= $1 ORDER BY id', 3))
    await step('found', 'm.dupont', query('WHERE phone = $1', '0639980007'), 'dispatcher')
    await step('plan', 'm.dupont', query('WHERE id = ANY ($1) ORDER BY id', [8, 9]), 'dispatcher')
    async with pool.acquire() as connection:
        await connection.execute("SELECT contact_guard.act_as_session('anna')")
        say('session', 'anna', await query('WHERE id <= $1 ORDER BY id', 3)(connection))
        await connection.execute('SELECT contact_guard.act_as_nobody()')
        say('nobody', 'pool', await query('WHERE id = $1', 1)(connection))
    await pool.close()


asyncio.run(main())
