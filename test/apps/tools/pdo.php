<?php
// Tool: PHP, PDO
// Packages: php-cli php-pgsql
// Version: php -r 'echo PHP_VERSION;'
// Command: php tools/pdo.php

$dsn = 'pgsql:host=' . getenv('PGHOST') . ';port=' . getenv('PGPORT') . ';dbname=' . getenv('PGDATABASE');
$pdo = new PDO($dsn, 'pool', 'pool', [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);

// recipe: transaction
function as_actor(PDO $pdo, string $actor, ?string $role, callable $work)
{
    $pdo->beginTransaction();
    try {
        $pdo->prepare('SELECT contact_guard.act_as(?, role => ?)')->execute([$actor, $role]);
        $result = $work();
        $pdo->commit();
        return $result;
    } catch (Throwable $error) {
        $pdo->rollBack();
        throw $error;
    }
}
// end of recipe

function query(string $condition, array $given = [])
{
    global $pdo;
    $statement = $pdo->prepare('SELECT id, phone FROM customer ' . $condition);
    $statement->execute($given);
    return $statement->fetchAll(PDO::FETCH_KEY_PAIR);
}

function say(string $name, string $actor, array $read)
{
    $line = "$name $actor";
    foreach ($read as $row) {
        foreach ($row as $id => $phone) {
            $line .= " $id=$phone";
        }
    }
    echo "$line\n";
}

function step(string $name, string $actor, callable $work, ?string $role = null)
{
    global $pdo;
    try {
        $read = $actor == 'pool' ? $work() : as_actor($pdo, $actor, $role, $work);
        say($name, $actor, is_array(reset($read)) ? $read : [$read]);
    } catch (Throwable $error) {
        echo "$name $actor ERROR " . str_replace("\n", ' ', $error->getMessage()) . "\n";
    }
}

step('list', 'anna', fn() => query('ORDER BY id LIMIT ?', [5]));
step('page', 'anna', fn() => query('ORDER BY id LIMIT ? OFFSET ?', [5, 20]));
step('detail', 'anna', fn() => query('WHERE id = ?', [1]));
step('update', 'anna', function () use ($pdo) {
    $customer = $pdo->query('SELECT * FROM customer WHERE id = 2')->fetch(PDO::FETCH_ASSOC);
    $customer['city'] = 'Paris';
    $pdo->prepare('UPDATE customer SET name = :name, phone = :phone, city = :city WHERE id = :id')->execute($customer);
    return query("WHERE id = 2 AND city = 'Paris'");
});
step('search', 'anna', fn() => query('WHERE phone = ?', ['0639980001']));
step('missed', 'anna', fn() => query('WHERE phone = ?', ['0639980007']));
step('insert', 'anna', function () use ($pdo) {
    $pdo->prepare('INSERT INTO customer (name, phone, city) VALUES (?, ?, ?)')->execute(['New', '0639980031', 'Lyon']);
    return query('WHERE id = ?', [$pdo->lastInsertId()]);
});
// PDO's scrollable cursor is one WITH HOLD: in a transaction, the site declares its own.
step('cursor', 'anna', function () use ($pdo) {
    $pdo->exec('DECLARE customers CURSOR FOR SELECT id, phone FROM customer WHERE id <= 8 ORDER BY id');
    $read = [];
    while ($part = $pdo->query('FETCH 3 FROM customers')->fetchAll(PDO::FETCH_KEY_PAIR)) {
        $read += $part;
    }
    return $read;
});
step('prepared', 'anna', function () use ($pdo) {
    $statement = $pdo->prepare('SELECT id, phone FROM customer WHERE id <= ? ORDER BY id');
    $read = [];
    for ($i = 0; $i < 3; $i++) {
        $statement->execute([2]);
        $read[] = $statement->fetchAll(PDO::FETCH_KEY_PAIR);
    }
    return $read;
});
step('savepoint', 'anna', function () use ($pdo) {
    $pdo->exec('SAVEPOINT twice');
    try {
        $pdo->exec("INSERT INTO customer VALUES (1, 'Twice', '0639980099', 'Lyon')");
    } catch (PDOException $expected) {
        $pdo->exec('ROLLBACK TO twice');
    }
    return query('WHERE id = ?', [1]);
});
step('forgotten', 'pool', fn() => query('WHERE id <= ? ORDER BY id', [3]));
step('found', 'm.dupont', fn() => query('WHERE phone = ?', ['0639980007']), 'dispatcher');
step('plan', 'm.dupont', fn() => query('WHERE id IN (?, ?) ORDER BY id', [8, 9]), 'dispatcher');

$pdo->query("SELECT contact_guard.act_as_session('anna')");
say('session', 'anna', [query('WHERE id <= ? ORDER BY id', [3])]);
$pdo->query('SELECT contact_guard.act_as_nobody()');
say('nobody', 'pool', [query('WHERE id = ?', [1])]);
