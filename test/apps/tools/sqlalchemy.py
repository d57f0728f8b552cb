# Tool: SQLAlchemy, with psycopg2
# Packages: python3-sqlalchemy python3-psycopg2
# Version: python3 -c 'import sqlalchemy; print(sqlalchemy.__version__)'
# Command: python3 tools/sqlalchemy.py
import os
import sys

sys.path.pop(0)  # this file has the name of the package
from contextvars import ContextVar

from sqlalchemy import BigInteger, Column, String, create_engine, event, exc, select, text
from sqlalchemy.orm import Session, declarative_base

Base = declarative_base()
engine = create_engine(f"postgresql+psycopg2://pool:pool@{os.environ['PGHOST']}:{os.environ['PGPORT']}/{os.environ['PGDATABASE']}")

# recipe: transaction
end_user = ContextVar('end_user', default=None)  # (name, role), which the web framework sets for each request


@event.listens_for(Session, 'after_begin')
def name_the_actor(session, transaction, connection):
    if end_user.get():
        actor, role = end_user.get()
        connection.execute(text('SELECT contact_guard.act_as(:actor, role => :role)'), {'actor': actor, 'role': role})
# end of recipe


class Customer(Base):
    __tablename__ = 'customer'
    id = Column(BigInteger, primary_key=True)
    name = Column(String)
    phone = Column(String)
    city = Column(String)


def page(session, number):
    return session.scalars(select(Customer).order_by(Customer.id).limit(5).offset(5 * (number - 1)))


def detail(session, number):
    return [session.get(Customer, number)]


def update(session, number):
    customer = session.get(Customer, number)
    customer.city = 'Paris'
    customer.phone = customer.phone + ''  # a form's field, written back as it was read
    session.flush()
    session.refresh(customer)
    return [customer]


def search(session, phone):
    return session.scalars(select(Customer).where(Customer.phone == phone))


def insert(session, phone):
    customer = Customer(name='New', phone=phone, city='Lyon')
    session.add(customer)
    session.flush()
    session.refresh(customer)
    return [customer]


def iterate(session, number):
    statement = select(Customer).where(Customer.id <= number).order_by(Customer.id)
    return session.scalars(statement.execution_options(yield_per=3, stream_results=True))


def savepoint(session, number):
    try:
        with session.begin_nested():
            session.execute(text('INSERT INTO customer VALUES (:id, :name, :phone, :city)'),
                            {'id': number, 'name': 'Twice', 'phone': '0639980099', 'city': 'Lyon'})
    except exc.IntegrityError:
        pass
    return [session.get(Customer, number)]


def plan(session, first, last):
    return session.scalars(select(Customer).where(Customer.id.between(first, last)).order_by(Customer.id))


def step(name, actor, function, *given, user=('anna', None)):
    end_user.set(user)
    try:
        with Session(engine) as session, session.begin():
            print(name, actor, *(f'{c.id}={c.phone}' for c in function(session, *given)), flush=True)
    except Exception as error:
        print(name, actor, 'ERROR', type(error).__name__, str(error).replace('\n', ' '), flush=True)


step('list', 'anna', page, 1)
step('page', 'anna', page, 5)
step('detail', 'anna', detail, 1)
step('update', 'anna', update, 2)
step('search', 'anna', search, '0639980001')
step('missed', 'anna', search, '0639980007')
step('insert', 'anna', insert, '0639980031')
step('cursor', 'anna', iterate, 8)
step('savepoint', 'anna', savepoint, 1)
step('forgotten', 'pool', plan, 1, 3, user=None)
step('found', 'm.dupont', search, '0639980007', user=('m.dupont', 'dispatcher'))
step('plan', 'm.dupont', plan, 8, 9, user=('m.dupont', 'dispatcher'))

end_user.set(None)
with engine.connect().execution_options(isolation_level='AUTOCOMMIT') as connection:
    connection.execute(text("SELECT contact_guard.act_as_session('anna')"))
    rows = connection.execute(select(Customer.id, Customer.phone).where(Customer.id <= 3).order_by(Customer.id))
    print('session anna', *(f'{row.id}={row.phone}' for row in rows))
    connection.execute(text('SELECT contact_guard.act_as_nobody()'))
    print('nobody pool', *(f'{row.id}={row.phone}' for row in connection.execute(select(Customer.id, Customer.phone).where(Customer.id == 1))))
