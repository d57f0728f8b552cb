# Tool: Sequel
# Packages: ruby ruby-sequel ruby-pg
# Version: ruby -e 'require "sequel"; puts Sequel::VERSION'
# Command: ruby tools/sequel.rb
require 'sequel'

DB = Sequel.connect(adapter: 'postgres', host: ENV['PGHOST'], port: ENV['PGPORT'], database: ENV['PGDATABASE'],
                    user: 'pool', password: 'pool', max_connections: 1)

# recipe: transaction
def as_actor(user)
  DB.transaction do
    DB.get(Sequel.function(Sequel[:contact_guard][:act_as], user.name, user.role))
    yield
  end
end
# end of recipe

User = Struct.new(:name, :role)

class Customer < Sequel::Model(:customer)
end

def step(name, actor, role = nil)
  show = -> { puts [name, actor, *yield.map { |c| "#{c.id}=#{c.phone}" }].join(' ') }
  actor == 'pool' ? show.call : as_actor(User.new(actor, role), &show)
rescue StandardError => e
  puts "#{name} #{actor} ERROR #{e.class} #{e.message.tr("\n", ' ')}"
end

step('list', 'anna') { Customer.order(:id).limit(5).all }
step('page', 'anna') { Customer.order(:id).limit(5, 20).all }
step('detail', 'anna') { [Customer[1]] }
step('update', 'anna') do
  customer = Customer[2]
  customer.city = 'Paris'
  customer.save # all columns
  [customer.refresh]
end
step('search', 'anna') { Customer.where(phone: '0639980001').all }
step('missed', 'anna') { Customer.where(phone: '0639980007').all }
step('insert', 'anna') { [Customer.create(name: 'New', phone: '0639980031', city: 'Lyon').refresh] }
step('cursor', 'anna') { Customer.where { id <= 8 }.order(:id).use_cursor(rows_per_fetch: 3).to_a }
step('prepared', 'anna') do
  first = Customer.where { id <= :$last }.order(:id).prepare(:select, :first_customers)
  3.times.flat_map { first.call(last: 2).map { |row| row.is_a?(Customer) ? row : Customer.call(row) } }
end
step('savepoint', 'anna') do
  begin
    DB.transaction(savepoint: true) { DB[:customer].insert(id: 1, name: 'Twice', phone: '0639980099', city: 'Lyon') }
  rescue Sequel::UniqueConstraintViolation
    nil
  end
  [Customer[1]]
end
step('forgotten', 'pool') { Customer.where { id <= 3 }.order(:id).all }
step('found', 'm.dupont', 'dispatcher') { Customer.where(phone: '0639980007').all }
step('plan', 'm.dupont', 'dispatcher') { Customer.where(id: [8, 9]).order(:id).all }

DB.get(Sequel.function(Sequel[:contact_guard][:act_as_session], 'anna'))
puts ['session', 'anna', *Customer.where { id <= 3 }.order(:id).map { |c| "#{c.id}=#{c.phone}" }].join(' ')
DB.get(Sequel.function(Sequel[:contact_guard][:act_as_nobody]))
puts ['nobody', 'pool', *Customer.where(id: 1).map { |c| "#{c.id}=#{c.phone}" }].join(' ')
