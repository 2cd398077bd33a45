// needs: fiber_backend
/// Ten thousand fibers of one thread on 64 TCP connections, with discards, time-outs, torn exchanges and refused
/// connects among them: every answer is the asker's own, and the server never sees a 65th connection.
#include <carpool/connection_pool.hpp>
#include <carpool/evictions.hpp>
#include <carpool/fiber_backend.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/tcp_connector.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include <gtest/gtest.h>

#include "behaviour.hpp"
#include "loopback_server.hpp"
#include "process.hpp"
#include "stress.hpp"

namespace {

using namespace std::chrono_literals;
using carpool::FiberBackend;

constexpr std::size_t fibers = 10'000;
constexpr std::size_t connections = 64;

/// Each fifth connect goes to a port where nobody listens.
struct Misled : carpool::TcpConnector {
  std::uint16_t wrong_port = 0;
  std::shared_ptr<std::atomic<std::size_t>> dials = std::make_shared<std::atomic<std::size_t>>(0);

  template <class Backend>
  carpool::StreamConnection<Backend> connect(carpool::TimePoint deadline) const {
    carpool::TcpConnector dialled = *this;
    if (++*dials % 5 == 0) dialled.port = wrong_port;
    return dialled.connect<Backend>(deadline);
  }
};

class FibersStress : public testing::Test {
 protected:
  using Pool = carpool::ConnectionPool<FiberBackend, carpool::LifoStack, Misled, carpool::MaxUses>;
  using Lease = Pool::Lease;

  FibersStress() {
    nobody.stop();
    { const FibersStress::Pool warm_up(connector(), {}, carpool::MaxUses(1)); }
    FiberBackend::sleep_until(FiberBackend::now() + 1ms);  // the backend opens descriptors of its own
    descriptors = open_descriptors();
    pool = std::make_unique<Pool>(connector(),
                                  carpool::PoolOptions{.max_size = connections,
                                                       .acquire_timeout = 5min,
                                                       .max_connecting = 8,
                                                       .connect_attempts = 4,
                                                       .connect_backoff = {.initial = 100us, .max = 1ms}},
                                  carpool::MaxUses(500));
  }

  /// One of a fiber's exchanges; the last digits of a random number say which kind.
  void exchange(const std::string& question, std::uint64_t kind) {
    try {
      if (kind % 100 == 0) return pool->acquire().discard();
      if (kind % 100 == 1) return pool->acquire()->write_all(question);  // and leaves the answer to the next: not so
      if (kind % 100 == 2) return give_up_on(question);
      if (kind % 100 == 3) return ask(pool->acquire_for(2ms), question);
      if (kind % 100 == 4) return pool->with_connection([](auto&) { throw std::logic_error("mine"); });
      ask(pool->acquire(), question);
      ++answered;
    } catch (const carpool::BreakerOpen& error) {
      ++told;
      FiberBackend::sleep_until(FiberBackend::now() + error.retry_after());
    } catch (const carpool::PoolError&) {
      ++told;
    } catch (const std::logic_error&) {  // mine
    }
  }

  Misled connector() { return {{.host = "127.0.0.1", .port = server.port()}, nobody.port()}; }

  LoopbackServer server, nobody;
  std::size_t descriptors = 0;
  std::unique_ptr<Pool> pool;
  std::size_t answered = 0, told = 0;

 private:
  static void ask(Lease lease, const std::string& question) {
    lease->write_all(question);
    EXPECT_EQ(lease->read_until("\n") + '\n', question);
  }
  void give_up_on(const std::string& question) {
    auto lease = pool->acquire();
    lease->write_all(question);
    try {
      (void)lease->read_until("\n", 100, FiberBackend::now());
    } catch (const std::system_error&) {  // as expected; the answer is on its way
    }
  }
};

TEST_F(FibersStress, EveryAnswerIsTheAskersOwnAndNothingIsLost) {
  const std::uint64_t rounds = stress_cycles(20);
  const auto live = [&](std::size_t number) {
    for (std::uint64_t round = 0; round < rounds; ++round) {
      exchange(std::to_string(number) + " asks " + std::to_string(round) + '\n', FiberBackend::random());
      EXPECT_LE(pool->stats().size(), connections);
    }
  };
  {
    std::vector<FiberBackend::Task> tasks;
    for (std::size_t i = 0; i < fibers; ++i) tasks.push_back(FiberBackend::spawn([&live, i] { live(i); }));
    for (auto& task : tasks) task.join();
  }
  EXPECT_GT(answered, fibers * rounds / 2);  // one failed series of connects is told to all who wait, as it should be
  EXPECT_GT(told, 0u);
  EXPECT_TRUE(soon<FiberBackend>([&] { return pool->stats().size() == pool->stats().idle; }));
  EXPECT_EQ(pool->stats().waiting, 0u);
  EXPECT_TRUE(soon<FiberBackend>([&] { return server.open() == pool->stats().idle; }));
  EXPECT_LE(server.peak_open(), connections);
  EXPECT_TRUE(soon<FiberBackend>([&] { return pool->prewarm(connections, 5s) == connections; }));
  pool.reset();
  EXPECT_TRUE(soon<FiberBackend>([&] { return server.open() == 0; }));
  EXPECT_EQ(open_descriptors(), descriptors);
}

}  // namespace
