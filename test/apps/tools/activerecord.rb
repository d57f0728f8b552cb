# Tool: ActiveRecord (Ruby on Rails)
# Packages: ruby ruby-activerecord ruby-pg
# Version: ruby -e 'require "active_record"; puts ActiveRecord.version'
# Command: ruby tools/activerecord.rb
require 'active_record'

ActiveRecord::Base.establish_connection(
  adapter: 'postgresql', host: ENV['PGHOST'], port: ENV['PGPORT'], database: ENV['PGDATABASE'],
  username: 'pool', password: 'pool', prepared_statements: true)

User = Struct.new(:name, :role)

# Stands for ActionController::Base: around_action calls the method around each action
class ApplicationController
  attr_accessor :current_user

  # recipe: transaction
  # In ApplicationController, with "around_action :name_the_actor"
  def name_the_actor
    ActiveRecord::Base.transaction do
      statement = ActiveRecord::Base.sanitize_sql(
        ['SELECT contact_guard.act_as(?, role => ?)', current_user.name, current_user.role])
      ActiveRecord::Base.connection.execute(statement)
      yield
    end
  end
  # end of recipe
end

class Customer < ActiveRecord::Base
  self.table_name = 'customer'
  validates :phone, format: { with: /\A[0-9*]{10}\z/ }
end

def step(name, actor, role = nil)
  controller = ApplicationController.new
  controller.current_user = User.new(actor, role)
  show = -> { puts [name, actor, *yield.map { |c| "#{c.id}=#{c.phone}" }].join(' ') }
  actor == 'pool' ? show.call : controller.name_the_actor(&show)
rescue StandardError => e
  puts "#{name} #{actor} ERROR #{e.class} #{e.message.tr("\n", ' ')}"
end

step('list', 'anna') { Customer.order(:id).limit(5) }
step('page', 'anna') { Customer.order(:id).limit(5).offset(20) }
step('detail', 'anna') { [Customer.find(1)] }
step('update', 'anna') do
  customer = Customer.find(2)
  customer.city = 'Paris'
  customer.phone_will_change! # so that the mask is written back, as a form with all fields does
  customer.save!
  [customer.reload]
end
step('search', 'anna') { Customer.where(phone: '0639980001') }
step('missed', 'anna') { Customer.where(phone: '0639980007') }
step('insert', 'anna') { [Customer.create!(name: 'New', phone: '0639980031', city: 'Lyon').reload] }
step('cursor', 'anna') { Customer.where('id <= 8').find_each(batch_size: 3).to_a }
step('prepared', 'anna') { 3.times.flat_map { Customer.where('id <= 2').order(:id).limit(2).to_a } }
step('savepoint', 'anna') do
  begin
    Customer.transaction(requires_new: true) { Customer.create!(id: 1, name: 'Twice', phone: '0639980099', city: 'Lyon') }
  rescue ActiveRecord::RecordNotUnique
    nil
  end
  [Customer.find(1)]
end
step('forgotten', 'pool') { Customer.where('id <= 3').order(:id) }
step('found', 'm.dupont', 'dispatcher') { Customer.where(phone: '0639980007') }
step('plan', 'm.dupont', 'dispatcher') { Customer.where(id: [8, 9]).order(:id) }

connection = ActiveRecord::Base.connection
connection.execute("SELECT contact_guard.act_as_session('anna')")
puts ['session', 'anna', *Customer.where('id <= 3').order(:id).map { |c| "#{c.id}=#{c.phone}" }].join(' ')
connection.execute('SELECT contact_guard.act_as_nobody()')
puts ['nobody', 'pool', *Customer.where(id: 1).map { |c| "#{c.id}=#{c.phone}" }].join(' ')
