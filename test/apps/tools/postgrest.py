# Tool: PostgREST, its statements sent by psycopg 3
# Packages: python3-psycopg
# Version: echo 12
# Command: python3 tools/postgrest.py
# What it sends for each request: the settings of the request, the role of the token, the function
# that db-pre-request names, and one statement, whose CTE is turned into JSON.
import json
import os

import psycopg

# A superuser has run this once.  The setting db-pre-request = "public.name_the_actor".
PRE_REQUEST = '''
-- recipe: transaction
-- postgrest.conf: db-pre-request = "public.name_the_actor"
CREATE FUNCTION public.name_the_actor() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    claims json := nullif(current_setting('request.jwt.claims', true), '');
BEGIN
    IF claims->>'sub' IS NOT NULL THEN
        PERFORM contact_guard.act_as(claims->>'sub', role => claims->>'crm_role');
    END IF;
END$$;
-- end of recipe
'''
with psycopg.connect(host=os.environ['APP_SOCKET'], user='postgres') as boss:
    boss.execute(PRE_REQUEST)
connection = psycopg.connect(autocommit=True)
ALL = '"public"."customer"."id", "public"."customer"."name", "public"."customer"."phone", "public"."customer"."city"'
ANSWER = '''pg_catalog.count(_postgrest_t) AS page_total, coalesce(json_agg(_postgrest_t), '[]') AS body,
    nullif(current_setting('response.headers', true), '') AS response_headers,
    nullif(current_setting('response.status', true), '') AS response_status, '' AS response_inserted
    FROM (SELECT * FROM pgrst_source) _postgrest_t'''


def get(where='', *given, count=False):
    """GET /customer?..., with Prefer: count=exact if count"""
    counted = f', pgrst_source_count AS (SELECT 1 FROM "public"."customer" {where.split("ORDER")[0]})' if count else ''
    total = '(SELECT pg_catalog.count(*) FROM pgrst_source_count)' if count else 'null::bigint'
    return f'WITH pgrst_source AS (SELECT {ALL} FROM "public"."customer" {where}){counted} SELECT {total} AS total_result_set, {ANSWER}', given


def body(row):
    """The request's body, one object, as rows of the columns that it has"""
    columns = ', '.join(f'"{name}"' for name in row)
    types = ', '.join(f'"{name}" character varying' for name in row)
    return columns, f'''(WITH pgrst_payload AS (SELECT %s::json AS json_data)
        SELECT {columns} FROM pgrst_payload, LATERAL (SELECT CASE WHEN json_typeof(pgrst_payload.json_data) = 'array'
            THEN pgrst_payload.json_data ELSE json_build_array(pgrst_payload.json_data) END AS val) pgrst_uniform_json,
        LATERAL (SELECT * FROM json_to_recordset(pgrst_uniform_json.val) AS _({types})) pgrst_body)'''


def patch(row, where, *given):
    """PATCH /customer?..., with Prefer: return=representation"""
    columns, rows = body(row)
    sets = ', '.join(f'"{name}" = "pgrst_body"."{name}"' for name in row)
    return (f'WITH pgrst_source AS (UPDATE "public"."customer" SET {sets} FROM {rows} pgrst_body {where} RETURNING {ALL}) '
            f"SELECT '' AS total_result_set, {ANSWER}", (json.dumps(row), *given))


def post(row):
    """POST /customer, with Prefer: return=representation"""
    columns, rows = body(row)
    return (f'WITH pgrst_source AS (INSERT INTO "public"."customer" ({columns}) SELECT {columns} FROM {rows} pgrst_body RETURNING {ALL}) '
            f"SELECT '' AS total_result_set, {ANSWER}", (json.dumps(row),))


def request(statement, sub=None, crm_role=None, read_only=True):
    sql, given = statement
    claims = json.dumps({'role': 'pool', 'sub': sub, 'crm_role': crm_role} if sub else {})
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute('SET TRANSACTION ISOLATION LEVEL READ COMMITTED ' + ('READ ONLY' if read_only else 'READ WRITE'))
        cursor.execute("""SELECT set_config('search_path', %s, true), set_config('role', %s, true), set_config('request.jwt.claims', %s, true),
            set_config('request.method', %s, true), set_config('request.path', %s, true)""",
                       ['"public"', 'pool', claims, 'GET' if read_only else 'PATCH', '/customer'])
        cursor.execute('SELECT "public"."name_the_actor"()')
        cursor.execute(sql, given)
        return cursor.fetchone()[2]


def step(name, actor, statement, role=None, **options):
    try:
        rows = request(statement, actor if actor != 'pool' else None, role, **options)
        print(name, actor, *(f"{row['id']}={row['phone']}" for row in rows), flush=True)
        return rows
    except psycopg.Error as error:
        print(name, actor, 'ERROR', error.sqlstate, str(error).replace('\n', ' '), flush=True)


EQ = 'WHERE "public"."customer"."id" = %s'
PHONE = 'WHERE "public"."customer"."phone" = %s'
ORDER = 'ORDER BY "public"."customer"."id" ASC LIMIT %s OFFSET %s'
step('list', 'anna', get(ORDER, 5, 0))
step('page', 'anna', get(ORDER, 5, 20, count=True))
step('detail', 'anna', get(EQ, 1))
customer = request(get(EQ, 2), 'anna')[0]
step('update', 'anna', patch({'name': customer['name'], 'phone': customer['phone'], 'city': 'Paris'}, EQ, 2), read_only=False)
step('search', 'anna', get(PHONE, '0639980001'))
step('missed', 'anna', get(PHONE, '0639980007'))
step('made', 'anna', post({'name': 'New', 'phone': '0639980031', 'city': 'Lyon'}), read_only=False)
step('forgotten', 'pool', get('WHERE "public"."customer"."id" <= %s ' + ORDER, 3, 3, 0))
step('found', 'm.dupont', get(PHONE, '0639980007'), 'dispatcher')
step('plan', 'm.dupont', get('WHERE "public"."customer"."id" = ANY (%s) ' + ORDER, [8, 9], 10, 0), 'dispatcher')
