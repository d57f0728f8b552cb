# Tool: Django
# Packages: python3-django python3-psycopg2
# Version: python3 -c 'import django; print(django.__version__)'
# Command: python3 tools/django.py
# With: `DISABLE_SERVER_SIDE_CURSORS` where `.iterator()` runs outside a transaction
import os
import sys

sys.path.pop(0)  # this file has the name of the package
import django
from django.conf import settings

settings.configure(
    DATABASES={'default': {
        'ENGINE': 'django.db.backends.postgresql', 'HOST': os.environ['PGHOST'], 'PORT': os.environ['PGPORT'],
        'NAME': os.environ['PGDATABASE'], 'USER': 'pool', 'PASSWORD': 'pool', 'CONN_MAX_AGE': None}},
    ALLOWED_HOSTS=['*'], ROOT_URLCONF=__name__, DEBUG_PROPAGATE_EXCEPTIONS=True,
    MIDDLEWARE=[__name__ + '.log_in', __name__ + '.choose_recipe'])
django.setup()

from types import SimpleNamespace
from django.core.paginator import Paginator
from django.db import connection, models, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import path


# recipe: transaction
def name_the_actor(get_response):
    def middleware(request):
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute('SELECT contact_guard.act_as(%s, role => %s)',
                               [request.user.username, request.user.role])
            response = get_response(request)
            if response.status_code >= 500:  # Django has made a response of an exception
                transaction.set_rollback(True)
            return response
    return middleware
# end of recipe


# recipe: autocommit
def name_the_actor_in_autocommit(get_response):
    def middleware(request):
        with connection.cursor() as cursor:
            cursor.execute('SELECT contact_guard.act_as_session(%s, role => %s)',
                           [request.user.username, request.user.role])
            try:
                return get_response(request)
            finally:
                cursor.execute('SELECT contact_guard.act_as_nobody()')
    return middleware
# end of recipe


def log_in(get_response):
    """Stands for the site's own login."""
    def middleware(request):
        request.user = SimpleNamespace(username=request.headers['X-User'], role=request.headers.get('X-Role'))
        return get_response(request)
    return middleware


def choose_recipe(get_response):
    recipes = {'in transaction': name_the_actor(get_response),
               'autocommit': name_the_actor_in_autocommit(get_response), 'none': get_response}
    return lambda request: recipes[request.headers.get('X-Recipe', 'in transaction')](request)


class Customer(models.Model):
    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=100)
    phone = models.CharField(max_length=20)
    city = models.CharField(max_length=100)

    class Meta:
        app_label = 'crm'
        db_table = 'customer'
        managed = False


def page(request, number):
    return Paginator(Customer.objects.order_by('id'), 5).page(number).object_list


def detail(request, number):
    return [Customer.objects.get(pk=number)]


def update(request, number):
    customer = Customer.objects.get(pk=number)
    customer.city = 'Paris'
    customer.full_clean()
    customer.save()  # writes all columns, the mask as well
    return [Customer.objects.get(pk=number, city='Paris')]


def search(request, phone):
    return Customer.objects.filter(phone=phone)


def insert(request, phone):
    customer = Customer.objects.create(name='New', phone=phone, city='Lyon')
    customer.refresh_from_db()
    return [customer]


def iterate(request, number):
    return Customer.objects.filter(id__lte=number).order_by('id').iterator(chunk_size=3)


def savepoint(request, number):
    try:
        with transaction.atomic():
            Customer.objects.create(id=number, name='Twice', phone='0639980099', city='Lyon')
    except django.db.IntegrityError:
        pass
    return [Customer.objects.get(pk=number)]


def plan(request, first, last):
    return Customer.objects.filter(id__range=(first, last)).order_by('id').only('id', 'phone')


def view(function):
    return lambda request, **given: HttpResponse(' '.join(f'{c.id}={c.phone}' for c in function(request, **given)))


urlpatterns = [
    path('page/<int:number>', view(page)), path('detail/<int:number>', view(detail)),
    path('update/<int:number>', view(update)), path('search/<phone>', view(search)), path('insert/<phone>', view(insert)),
    path('iterate/<int:number>', view(iterate)), path('savepoint/<int:number>', view(savepoint)),
    path('plan/<int:first>/<int:last>', view(plan))]


def step(name, actor, address, user='anna', **headers):
    try:
        print(name, actor, Client(HTTP_X_USER=user, **headers).get(address).content.decode(), flush=True)
    except Exception as error:
        print(name, actor, 'ERROR', type(error).__name__, str(error).replace('\n', ' '), flush=True)


step('list', 'anna', '/page/1')
step('page', 'anna', '/page/5')
step('detail', 'anna', '/detail/1')
step('update', 'anna', '/update/2')
step('search', 'anna', '/search/0639980001')
step('missed', 'anna', '/search/0639980007')
step('insert', 'anna', '/insert/0639980031')
step('cursor', 'anna', '/iterate/8')
step('savepoint', 'anna', '/savepoint/1')
step('forgotten', 'pool', '/plan/1/3', HTTP_X_RECIPE='none')
step('found', 'm.dupont', '/search/0639980007', user='m.dupont', HTTP_X_ROLE='dispatcher')
step('plan', 'm.dupont', '/plan/8/9', user='m.dupont', HTTP_X_ROLE='dispatcher')
connection.settings_dict['DISABLE_SERVER_SIDE_CURSORS'] = True
step('session', 'anna', '/iterate/3', HTTP_X_RECIPE='autocommit')
step('nobody', 'pool', '/detail/1', HTTP_X_RECIPE='none')
