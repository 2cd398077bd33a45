// needs: fiber_backend thread_backend redis_connector mysql_connector postgres_connector
/// What does a request to a real server cost, when a hundred callers make them at once: our pool on fibers, our pool on
/// threads, and the vendor's own blocking library with a connection per thread?
///
/// clients/<server>/<client>/callers:100; a caller asks, waits for the answer and asks again. cpu/req is of this
/// process alone, not of the server. Each server is a real one of our own, on loopback.
#include <carpool/connection_pool.hpp>
#include <carpool/fiber_backend.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/mysql_connector.hpp>
#include <carpool/postgres_connector.hpp>
#include <carpool/redis_connector.hpp>
#include <carpool/thread_backend.hpp>
#include <carpool/time.hpp>

#include <benchmark/benchmark.h>
#include <hiredis/hiredis.h>
#include <libpq-fe.h>
#include <mysql.h>

#include <chrono>
#include <cstddef>
#include <cstring>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include <sys/resource.h>

#include "../tests/support/real_server.hpp"

namespace {

constexpr std::size_t callers = 100;
constexpr std::size_t requests = 200;  // of each caller, in one iteration

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what); }

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// Redis: GET of a key that is there.
struct Redis {
  static constexpr const char* kind = "redis";
  static constexpr const char* answer = "a value of sixteen";

  static carpool::RedisConnector connector(const RealServer& server) { return {.port = server.port()}; }
  static void prepare(const RealServer& server) {
    auto connection = connector(server).connect<carpool::ThreadBackend>(carpool::never);
    connection.command("SET", "key", answer);
  }
  template <class Connection>
  static void ask(Connection& connection) {
    if (connection.template command<std::string>("GET", "key") != answer) fail("redis: another answer");
  }

  class Plain {
   public:
    explicit Plain(const RealServer& server) : context_(::redisConnect("127.0.0.1", server.port())) {}
    Plain(const Plain&) = delete;
    Plain& operator=(const Plain&) = delete;
    ~Plain() { ::redisFree(context_); }
    void ask() {
      auto* reply = static_cast<redisReply*>(::redisCommand(context_, "GET key"));
      if (reply == nullptr || std::string(reply->str, reply->len) != answer) fail("redis: another answer");
      ::freeReplyObject(reply);
    }

   private:
    redisContext* context_;
  };
};

/// MariaDB: a prepared SELECT without a table.
struct Mysql {
  static constexpr const char* kind = "mariadb";

  static carpool::MysqlConnector connector(const RealServer& server) {
    return {.port = server.port(),
            .user = RealServer::user(),
            .password = RealServer::password(),
            .database = RealServer::database()};
  }
  static void prepare(const RealServer&) {}
  template <class Connection>
  static void ask(Connection& connection) {
    if (connection.prepared("select ? + 1", {41})[0].template get<std::int64_t>(0) != 42) fail("mysql: another answer");
  }

  class Plain {
   public:
    explicit Plain(const RealServer& server) : mysql_(::mysql_init(nullptr)) {
      if (::mysql_real_connect(mysql_, "127.0.0.1", RealServer::user().c_str(), RealServer::password().c_str(),
                               RealServer::database().c_str(), server.port(), nullptr, 0) == nullptr)
        fail(::mysql_error(mysql_));
      statement_ = ::mysql_stmt_init(mysql_);
      const std::string text = "select ? + 1";
      if (::mysql_stmt_prepare(statement_, text.c_str(), text.size()) != 0) fail(::mysql_stmt_error(statement_));
    }
    Plain(const Plain&) = delete;
    Plain& operator=(const Plain&) = delete;
    ~Plain() {
      ::mysql_stmt_close(statement_);
      ::mysql_close(mysql_);
    }
    void ask() {
      long long given = 41, got = 0;
      MYSQL_BIND in{}, out{};
      in.buffer_type = out.buffer_type = MYSQL_TYPE_LONGLONG;
      in.buffer = &given, out.buffer = &got;
      ::mysql_stmt_bind_param(statement_, &in);
      if (::mysql_stmt_execute(statement_) != 0) fail(::mysql_stmt_error(statement_));
      ::mysql_stmt_bind_result(statement_, &out);
      ::mysql_stmt_store_result(statement_);
      ::mysql_stmt_fetch(statement_);
      ::mysql_stmt_free_result(statement_);
      if (got != 42) fail("mysql: another answer");
    }

   private:
    MYSQL* mysql_;
    MYSQL_STMT* statement_ = nullptr;
  };
};

/// PostgreSQL: a prepared SELECT without a table. In the clear, as the other two: libpq would rather encrypt.
struct Postgres {
  static constexpr const char* kind = "postgres";

  static carpool::PostgresConnector connector(const RealServer& server) {
    return {.port = server.port(),
            .user = RealServer::user(),
            .password = RealServer::password(),
            .database = RealServer::database(),
            .options = {{"sslmode", "disable"}}};
  }
  static void prepare(const RealServer&) {}
  template <class Connection>
  static void ask(Connection& connection) {
    if (connection.prepared("select $1::int + 1", {41}).template get<int>(0, 0) != 42) fail("postgres: another answer");
  }

  class Plain {
   public:
    explicit Plain(const RealServer& server) {
      const std::string how = "host=127.0.0.1 port=" + std::to_string(server.port()) + " user=" + RealServer::user() +
                              " password=" + RealServer::password() + " dbname=" + RealServer::database() +
                              " gssencmode=disable sslmode=disable";
      connection_ = ::PQconnectdb(how.c_str());
      ::PQclear(::PQprepare(connection_, "s", "select $1::int + 1", 1, nullptr));
    }
    Plain(const Plain&) = delete;
    Plain& operator=(const Plain&) = delete;
    ~Plain() { ::PQfinish(connection_); }
    void ask() {
      const char* values[] = {"41"};
      PGresult* result = ::PQexecPrepared(connection_, "s", 1, values, nullptr, nullptr, 0);
      const bool right =
          ::PQresultStatus(result) == PGRES_TUPLES_OK && std::strcmp(::PQgetvalue(result, 0, 0), "42") == 0;
      ::PQclear(result);
      if (!right) fail("postgres: another answer");
    }

   private:
    PGconn* connection_ = nullptr;
  };
};

/// Runs all callers at once and tells the benchmark how long that took.
template <class Round>
void measure(benchmark::State& state, const Round& round) {
  round();  // everything is connected, prepared and warm
  double cpu = 0;
  for (auto _ : state) {
    const double cpu_before = cpu_seconds();
    const auto before = std::chrono::steady_clock::now();
    round();
    state.SetIterationTime(std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count());
    cpu += cpu_seconds() - cpu_before;
  }
  const auto total = static_cast<double>(state.iterations()) * callers * requests;
  state.counters["req/s"] = benchmark::Counter(
      static_cast<double>(callers * requests) * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
  state.counters["cpu_us/req"] = cpu * 1e6 / total;
}

template <class Service, class Backend>
void pooled(benchmark::State& state) {
  const RealServer& server = RealServer::shared(Service::kind);
  Service::prepare(server);
  const auto connector = Service::connector(server);
  carpool::ConnectionPool<Backend, carpool::LifoStack, std::decay_t<decltype(connector)>> pool(
      connector, {.max_size = static_cast<std::size_t>(state.range(0)), .max_connecting = 16});
  measure(state, [&] {
    const auto call = [&] {
      for (std::size_t i = 0; i < requests; ++i) {
        auto lease = pool.acquire();
        Service::ask(*lease);
      }
    };
    std::vector<decltype(Backend::spawn(call))> tasks;
    for (std::size_t i = 0; i < callers; ++i) tasks.push_back(Backend::spawn(call));
    for (auto& task : tasks) task.join();
  });
}

template <class Service>
void plain(benchmark::State& state) {
  const RealServer& server = RealServer::shared(Service::kind);
  Service::prepare(server);
  std::vector<std::unique_ptr<typename Service::Plain>> connections;
  for (std::size_t i = 0; i < callers; ++i) connections.push_back(std::make_unique<typename Service::Plain>(server));
  const auto call = [](typename Service::Plain& connection) {
    for (std::size_t i = 0; i < requests; ++i) connection.ask();
  };
  measure(state, [&] {
    std::vector<std::thread> threads;
    for (auto& connection : connections) threads.emplace_back(call, std::ref(*connection));
    for (auto& thread : threads) thread.join();
  });
}

template <class Service>
void declare() {
  const std::string name = std::string("clients/") + Service::kind;
  const auto shape = [](benchmark::internal::Benchmark* one) {
    return one->UseManualTime()->Unit(benchmark::kMillisecond);
  };
  for (const int connections : {100, 16, 8}) {
    shape(benchmark::RegisterBenchmark((name + "/fibers/callers:100/pool").c_str(),
                                       pooled<Service, carpool::FiberBackend>))
        ->Arg(connections);
    shape(benchmark::RegisterBenchmark((name + "/threads/callers:100/pool").c_str(),
                                       pooled<Service, carpool::ThreadBackend>))
        ->Arg(connections);
  }
  shape(benchmark::RegisterBenchmark((name + "/plain/callers:100").c_str(), plain<Service>));
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  if (RealServer::missing("redis").empty()) declare<Redis>();
  if (RealServer::missing("mariadb").empty()) declare<Mysql>();
  if (RealServer::missing("postgres").empty()) declare<Postgres>();
  benchmark::RunSpecifiedBenchmarks();
}
