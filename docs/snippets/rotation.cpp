// needs: thread_backend postgres_connector tcp_connector tls_connector
// What the pages on rotating credentials and on deriving a connector show.
#include <carpool/connection_pool.hpp>
#include <carpool/credentials.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/postgres_connector.hpp>
#include <carpool/tcp_connector.hpp>
#include <carpool/thread_backend.hpp>
#include <carpool/tls/context.hpp>
#include <carpool/with_hooks.hpp>

#include <chrono>
#include <string>

using namespace std::chrono_literals;

struct Secret {
  std::string text;
  std::chrono::seconds lasts;
};
Secret read_secret(bool /*anew*/) { return {"secret", 15min}; }

carpool::PostgresConnector asking_the_vault() {
  auto connector = carpool::PostgresConnector::from_url("postgres://app@db.example/app?sslmode=verify-full");
  connector.credentials = [](const carpool::CredentialsRequest& request) {
    const Secret secret = read_secret(request.refused != nullptr);  // after a refusal: not from a cache
    return carpool::Credentials{.password = secret.text, .expires = std::chrono::steady_clock::now() + secret.lasts};
  };
  return connector;
}

carpool::PostgresConnector set_up() {
  auto connector = carpool::PostgresConnector::from_url("postgres://app:secret@db.example/app");
  connector.session_setup = {"SET statement_timeout = '5s'", "SET search_path = app"};
  connector.reset_policy = carpool::PostgresReset::discard_all;  // what a lease has SET is undone, and this said again
  return connector;
}

std::string tenant_of_this_program() { return "acme"; }

struct Tenant {
  template <class Connection>
  bool before_acquire(Connection& connection, carpool::TimePoint deadline) const {
    connection.query("SELECT set_config('app.tenant', $1, false)", {tenant_of_this_program()}, deadline);
    return true;  // false, or an exception: the pool closes the connection, and the caller gets another one
  }
};
using Connector = carpool::WithHooks<carpool::PostgresConnector, Tenant>;

using Pool = carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, Connector>;

void after_a_rotation(Pool& pool) { pool.retire_all(1min); }

void after_new_certificates(carpool::TlsContext& certificates, Pool& pool) {
  certificates.reload();  // throws and changes nothing where a file cannot be read
  pool.retire_all(1min);
}

struct GreetingConnector : carpool::TcpConnector {
  template <class Backend>
  [[nodiscard]] carpool::TcpConnector::Connection<Backend> connect(carpool::TimePoint deadline) const {
    auto connection = TcpConnector::connect<Backend>(deadline);
    connection.write_all("hello\n", deadline);
    return connection;
  }
};
static_assert(carpool::ConnectorFor<GreetingConnector, carpool::ThreadBackend>);

int main() {}
