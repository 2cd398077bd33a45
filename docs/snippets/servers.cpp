// needs: fiber_backend thread_backend postgres_connector mysql_connector redis_connector sqlite_connector
// What the pages on poolers and on leaving other libraries show, and the README's line on PostgreSQL.
#include <carpool/connection_pool.hpp>
#include <carpool/endpoints_connector.hpp>
#include <carpool/fiber_backend.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/mysql_connector.hpp>
#include <carpool/postgres_connector.hpp>
#include <carpool/redis_client.hpp>
#include <carpool/redis_connector.hpp>
#include <carpool/sqlite_connector.hpp>
#include <carpool/targeted_connector.hpp>
#include <carpool/tcp_connector.hpp>
#include <carpool/thread_backend.hpp>

#include <chrono>
#include <string>

using namespace std::chrono_literals;

int one_query() {
  carpool::ConnectionPool<carpool::FiberBackend, carpool::LifoStack, carpool::PostgresConnector> pool(
      carpool::PostgresConnector::from_url("postgres://app:secret@db.example/app"), {.max_size = 16});
  int sum = pool.acquire()->query("SELECT $1::int + 1", {41}).get<int>(0, 0);
  return sum;
}

void several_servers() {
  using Connector = carpool::EndpointsConnector<carpool::RedisConnector>;
  carpool::ConnectionPool<carpool::FiberBackend, carpool::LifoStack, Connector> pool(
      Connector::from_url("redis://cache-a:6379,cache-b:6379/0", {.order = carpool::EndpointOrder::round_robin}));
}

void many_servers() {
  using Connector = carpool::TargetedConnector<carpool::TcpConnector>;
  carpool::ConnectionPool<carpool::FiberBackend, carpool::LifoStack, Connector> pool({}, {.max_size = 100});
  auto lease = pool.acquire(carpool::TcpAddress{.host = "shard-7.example", .port = 7000});
}

void behind_pgbouncer() {
  using Pool = carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, carpool::PostgresConnector>;
  Pool pool(carpool::PostgresConnector::from_url("postgres://app:secret@pgbouncer.example:6432/app?pgbouncer=true"),
            {.max_size = 3, .keepalive_time = 30s});
}

void behind_proxysql() {
  using Pool = carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, carpool::MysqlConnector>;
  const auto direct = carpool::MysqlConnector::from_url("mysql://app:secret@proxysql.example:6033/app");
  Pool pool(carpool::MysqlConnector::behind_proxy(direct), {.max_size = 3});
}

void as_soci_did() {
  using Pool = carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, carpool::SqliteConnector>;
  Pool pool(carpool::SqliteConnector::writer("shop.db"), {.max_size = 1});
  auto session = pool.acquire();
  auto transaction = session->begin();
  session->execute("INSERT INTO items (name, price) VALUES (?, ?)", {"tea", 3});
  transaction.commit();
}

void as_redis_plus_plus_did() {
  using Pool = carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, carpool::RedisConnector>;
  Pool pool(carpool::RedisConnector::from_url("redis://cache.example:6379/0"), {.max_size = 8});
  carpool::RedisClient redis(pool);  // a connection per command, given back at once
  redis.set("greeting", "hello", {.expire = 5min});
  const auto greeting = redis.get<std::string>("greeting");  // std::nullopt where there is none
  static_cast<void>(greeting);
}

int main() {}
