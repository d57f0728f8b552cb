<?php
// Tool: Eloquent (Laravel)
// Packages: php-cli php-pgsql php-illuminate-database php-illuminate-events
// Version: dpkg-query -W -f '${Version}' php-illuminate-database | sed 's/[+-].*//'
// Command: php tools/eloquent.php
require_once 'Illuminate/Database/autoload.php';

use Illuminate\Database\Capsule\Manager as DB;
use Illuminate\Database\Eloquent\Model;

$capsule = new DB;
$capsule->addConnection(['driver' => 'pgsql', 'host' => getenv('PGHOST'), 'port' => getenv('PGPORT'),
    'database' => getenv('PGDATABASE'), 'username' => 'pool', 'password' => 'pool', 'charset' => 'utf8']);
$capsule->setAsGlobal();
$capsule->bootEloquent();

class Customer extends Model
{
    protected $table = 'customer';
    protected $guarded = [];
    public $timestamps = false;
}

// recipe: transaction
// A middleware of the routes, after the one that logs in
class NameTheActor
{
    public function handle($request, Closure $next)
    {
        DB::connection()->beginTransaction();
        try {
            $user = [$request->user()->name, $request->user()->role];
            DB::connection()->select('SELECT contact_guard.act_as(?, role => ?)', $user);
            $response = $next($request);
        } catch (Throwable $error) {
            DB::connection()->rollBack();
            throw $error;
        }
        // Laravel has made a response of an exception
        empty($response->exception) ? DB::connection()->commit() : DB::connection()->rollBack();
        return $response;
    }
}
// end of recipe

// Stands for Laravel's Request
class Request
{
    public function __construct(private object $user)
    {
    }

    public function user()
    {
        return $this->user;
    }
}

function step(string $name, string $actor, callable $work, ?string $role = null)
{
    $show = function () use ($name, $actor, $work) {
        $line = "$name $actor";
        foreach ($work() as $customer) {
            $line .= " $customer->id=$customer->phone";
        }
        echo "$line\n";
    };
    try {
        $request = new Request((object) ['name' => $actor, 'role' => $role]);
        $actor == 'pool' ? $show() : (new NameTheActor)->handle($request, $show);
    } catch (Throwable $error) {
        echo "$name $actor ERROR " . str_replace("\n", ' ', $error->getMessage()) . "\n";
    }
}

step('list', 'anna', fn() => Customer::orderBy('id')->limit(5)->get());
step('page', 'anna', fn() => Customer::orderBy('id')->forPage(5, 5)->get());
step('detail', 'anna', fn() => [Customer::findOrFail(1)]);
step('update', 'anna', function () {
    $customer = Customer::find(2);
    // All fields of a form, the mask included, in one UPDATE
    Customer::whereKey(2)->update(['name' => $customer->name, 'phone' => $customer->phone, 'city' => 'Paris']);
    $customer->refresh();
    $customer->city = 'Paris';
    $customer->save();
    return [$customer];
});
step('search', 'anna', fn() => Customer::where('phone', '0639980001')->get());
step('missed', 'anna', fn() => Customer::where('phone', '0639980007')->get());
step('insert', 'anna', fn() => [Customer::create(['name' => 'New', 'phone' => '0639980031', 'city' => 'Lyon'])->refresh()]);
step('cursor', 'anna', fn() => Customer::where('id', '<=', 8)->lazyById(3));
step('savepoint', 'anna', function () {
    try {
        DB::connection()->transaction(fn() => Customer::create(['id' => 1, 'name' => 'Twice', 'phone' => '0639980099', 'city' => 'Lyon']));
    } catch (Illuminate\Database\QueryException $expected) {
    }
    return [Customer::find(1)];
});
step('forgotten', 'pool', fn() => Customer::where('id', '<=', 3)->orderBy('id')->get());
step('found', 'm.dupont', fn() => Customer::where('phone', '0639980007')->get(), 'dispatcher');
step('plan', 'm.dupont', fn() => Customer::whereIn('id', [8, 9])->orderBy('id')->get(), 'dispatcher');

// Autocommit: without a middleware around it
$show = fn($customers) => $customers->reduce(fn($line, $customer) => "$line $customer->id=$customer->phone", '') . "\n";
DB::connection()->select("SELECT contact_guard.act_as_session('anna')");
echo 'session anna', $show(Customer::where('id', '<=', 3)->orderBy('id')->get());
DB::connection()->select('SELECT contact_guard.act_as_nobody()');
echo 'nobody pool', $show(Customer::where('id', 1)->get());
