// needs: simulation_backend
// TcpConnector, as it is, on a simulated network: the laws of connectors, every fault, and a pool above them.
#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/simulation_backend.hpp>
#include <carpool/tcp_connector.hpp>

#include <chrono>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include "connector_conformance.hpp"
#include "simulation_explore.hpp"

namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)
using B = carpool::SimulationBackend;
using carpool::SimulatedNetwork;
using carpool::SimulatedServer;
using carpool::Simulation;
using carpool::TcpConnector;
using Pool = carpool::ConnectionPool<B, carpool::LifoStack, TcpConnector>;

/// Runs on the thread's own simulation.
class SimulatedTcpScene {
 public:
  using Backend = B;

  TcpConnector connector() { return {.host = "db.example", .port = port_}; }
  TcpConnector dead_connector() { return {.host = "10.1.1.1", .port = 9}; }
  void exchange(carpool::StreamConnection<B>& connection) {
    const carpool::TimePoint deadline = B::now() + 10s;
    connection.write_all("question\n", deadline);
    if (connection.read_until("\n", 100, deadline) != "question") throw std::runtime_error("another's answer");
  }
  void kill_peers() { server_.close_all(); }
  std::size_t open() { return server_.open(); }
  std::size_t heard() { return server_.heard(); }

 private:
  static inline std::uint16_t last_port_ = 1000;
  std::uint16_t port_ = ++last_port_;  // a server of its own for each test
  SimulatedServer& server_ = SimulatedNetwork::current().server("db.example", port_);
};
INSTANTIATE_TYPED_TEST_SUITE_P(SimulatedTcp, ConnectorConformance, SimulatedTcpScene);

SimulatedServer& database() { return SimulatedNetwork::current().server("db", 7); }
carpool::StreamConnection<B> connect(carpool::Duration timeout = 10s) {
  return TcpConnector{.host = "db", .port = 7}.connect<B>(B::now() + timeout);
}
std::string ask(carpool::StreamConnection<B>& connection, const std::string& line, carpool::Duration timeout = 10s) {
  connection.write_all(line + '\n', B::now() + timeout);
  return connection.read_until("\n", 100, B::now() + timeout);
}

/// What work throws. It must be a system_error.
template <class Work>
std::error_code error_of(Work work) {
  try {
    work();
  } catch (const std::system_error& error) {
    return error.code();
  }
  return {};
}

void expect_in_each_schedule(const std::function<void()>& scenario) {
  expect_holds(scenario, {.preemptions = 1, .depth_first = 5'000, .random = 1'000, .priorities = 1'000});
}

TEST(SimulatedNetwork, TakesTimeThereAndBack) {
  expect_in_each_schedule([] {
    database().link.latency = 3ms;
    const carpool::TimePoint start = B::now();
    auto connection = connect();
    Simulation::check(B::now() >= start + 6ms, "a connect takes a round trip");
    Simulation::check(ask(connection, "hello") == "hello", "an echo");
    Simulation::check(B::now() >= start + 12ms, "so does an exchange");
  });
}

TEST(SimulatedNetwork, RefusesWhereNobodyListensOrTheServerIsDown) {
  expect_in_each_schedule([] {
    const auto nobody = error_of([] { (void)TcpConnector{.host = "10.9.9.9", .port = 7}.connect<B>(B::now() + 1s); });
    Simulation::check(nobody == std::errc::connection_refused, "nobody listens");
    const auto unknown = error_of([] { (void)TcpConnector{.host = "nowhere", .port = 7}.connect<B>(B::now() + 1s); });
    Simulation::check(unknown.category() == carpool::resolver_category(), "no such name");
    database().go_down(1min);
    Simulation::check(error_of([] { (void)connect(); }) == std::errc::connection_refused, "it is down");
    B::sleep_until(B::now() + 1min);
    (void)connect();
  });
}

TEST(SimulatedNetwork, ABlackHoleIsNoticedAtTheDeadline) {
  expect_in_each_schedule([] {
    static_cast<void>(database());
    auto connection = connect();
    database().link.silent = true;
    const carpool::TimePoint start = B::now();
    Simulation::check(error_of([&] { (void)ask(connection, "hello", 2s); }) == std::errc::timed_out, "no answer");
    Simulation::check(B::now() >= start + 2s && !connection.reusable(), "not before the deadline");
    Simulation::check(error_of([] { (void)connect(); }) == std::errc::timed_out, "no handshake");
  });
}

TEST(SimulatedNetwork, AResetIsSeenByWhoReads) {
  expect_in_each_schedule([] {
    static_cast<void>(database());
    auto connection = connect();
    auto hand = B::spawn([] {
      B::sleep_until(B::now() + 5ms);
      database().reset_all();
    });
    std::byte byte;
    const auto code = error_of([&] { (void)connection.read_some(std::span(&byte, 1), B::now() + 10s); });
    Simulation::check(code == std::errc::connection_reset, "reset under a read");
    Simulation::check(!connection.is_connected(), "dead, and seen without a round trip");
  });
}

TEST(SimulatedNetwork, AHalfClosedConnectionIsReadToItsEnd) {
  expect_in_each_schedule([] {
    database().serve([](carpool::SimulationSocket& socket) {
      const std::string last_words = "goodbye\n";
      (void)socket.write_some(std::as_bytes(std::span(last_words)), carpool::never);
    });
    auto connection = connect();
    Simulation::check(connection.read_until("\n") == "goodbye", "what was under way");
    std::byte byte;
    Simulation::check(connection.read_some(std::span(&byte, 1)) == 0, "the end");
    Simulation::check(!connection.is_connected(), "ended");
  });
}

TEST(SimulatedNetwork, ByteByByteIsEnoughForWholeLines) {
  expect_in_each_schedule([] {
    database().link.byte_by_byte = true;
    auto connection = connect();
    Simulation::check(ask(connection, "hello") == "hello", "an echo");
  });
}

/// Cut at every byte of a reply: the caller gets an error or the whole of it, and the pool never half of another's.
TEST(SimulatedNetwork, AReplyThatIsCutAnywhereIsAnError) {
  for (std::size_t bytes = 0; bytes <= 7; ++bytes) {
    expect_in_each_schedule([bytes] {
      database().link.cut_after = bytes;
      Pool pool({.host = "db", .port = 7}, {.max_size = 1});
      for (const char* line : {"first!", "second"}) {
        const auto code = error_of([&] {
          auto lease = pool.acquire();
          Simulation::check(ask(*lease, line) == line, "another's answer");
        });
        const bool cut = bytes < 7 || line == std::string_view("second");  // 7 bytes: just the first reply
        Simulation::check((code == std::errc::connection_reset) == cut, "cut, and not told");
      }
    });
  }
}

/// What is lost is missed: TCP never shows what came after it.
TEST(SimulatedNetwork, NothingFollowsWhatWasLost) {
  expect_in_each_schedule([] {
    database().serve([](carpool::SimulationSocket& socket) {
      for (const std::string_view part : {"be", "for", "gotten\n"}) {
        database().link.silent = part == "for";
        static_cast<void>(socket.write_some(std::as_bytes(std::span(part)), carpool::never));
      }
    });
    auto connection = connect();
    const auto code = error_of([&] { static_cast<void>(connection.read_until("\n", 100, B::now() + 1s)); });
    Simulation::check(code != std::error_code(), "half of a line, as if it were the whole");
  });
}

/// A line of chaos: a server that is slow, silent, cut or gone by turns, as the run's numbers have it.
void misbehave() {
  auto& link = database().link;
  for (int i = 0; i < 4; ++i) {
    B::sleep_until(B::now() + std::chrono::milliseconds(B::random() % 20));
    const std::uint64_t dice = B::random();
    link.silent = dice % 5 == 0;
    link.byte_by_byte = dice % 3 == 0;
    link.latency = std::chrono::microseconds(dice % 4000);
    if (dice % 4 == 0) database().reset_all();
    if (dice % 4 == 1) database().close_all();
    if (dice % 4 == 2) database().go_down(5ms);
  }
  link = {};
}

/// C17, B23: whatever happens, nobody ever reads another's answer; and when it is over the pool is as good as new.
TEST(SimulatedNetwork, NobodyReadsAnothersAnswer) {
  expect_holds(
      [] {
        Pool pool({.host = "db", .port = 7},
                  {.max_size = 2, .acquire_timeout = 50ms, .connect_timeout = 20ms, .connect_backoff = {1ms, 5ms}});
        auto& server = database();
        const Simulation::Invariant law_1(Simulation::Invariant::When::each_step, [&] {
          Simulation::check(server.open() <= 2, "law 1: as the server sees it");
        });
        auto chaos = B::spawn(misbehave);
        const auto work = [&pool](int id) {
          for (int i = 0; i < 4; ++i) {
            const std::string nonce = std::to_string(id) + '/' + std::to_string(i);
            try {
              auto lease = pool.acquire();
              Simulation::check(ask(*lease, nonce, 30ms) == nonce, "another's answer");
            } catch (const std::runtime_error&) {  // of the pool, or of the network
            }
          }
        };
        auto first = B::spawn([&] { work(1); });
        auto second = B::spawn([&] { work(2); });
        auto third = B::spawn([&] { work(3); });
        first.join();
        second.join();
        third.join();
        chaos.join();
        B::sleep_until(B::now() + 1s);
        auto lease = pool.acquire_for(10s);
        Simulation::check(ask(*lease, "still there?") == "still there?", "the world has healed, the pool has not");
      },
      {.preemptions = 0, .depth_first = 2'000, .random = 3'000, .priorities = 3'000});
}

}  // namespace
