// needs: fiber_backend
/// Ten thousand fibers of one thread on 64 sockets, with discards, time-outs, torn exchanges and refused
/// connects among them: every answer is the asker's own, and the server never sees a 65th connection.
#include <carpool/connection_pool.hpp>
#include <carpool/evictions.hpp>
#include <carpool/fiber_backend.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/tcp_connector.hpp>
#include <carpool/unix_connector.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "behaviour.hpp"
#include "eventually.hpp"
#include "loopback_server.hpp"
#include "process.hpp"
#include "stress.hpp"

namespace {

using namespace std::chrono_literals;
using carpool::FiberBackend;

constexpr std::size_t fibers = 10'000;
constexpr std::size_t connections = 64;

/// How many connections the pool has at once, from the dial to the close, as its own process sees them.
struct Tally {
  std::atomic<std::size_t> now = 0, peak = 0;
};

/// One connection in a tally.
class Counted {
 public:
  explicit Counted(Tally& tally) noexcept : tally_(&tally) {
    const std::size_t now = ++tally.now;
    for (std::size_t peak = tally.peak; now > peak && !tally.peak.compare_exchange_weak(peak, now);) continue;
  }
  Counted(Counted&& other) noexcept : tally_(std::exchange(other.tally_, nullptr)) {}
  Counted& operator=(Counted&& other) noexcept { return std::swap(tally_, other.tally_), *this; }
  ~Counted() {
    if (tally_ != nullptr) --tally_->now;
  }

 private:
  Tally* tally_;
};

/// Counted until its descriptor is closed: a base that comes first goes last.
template <class Backend>
struct CountedStream : Counted, carpool::StreamConnection<Backend> {
  CountedStream(Counted counted, carpool::StreamConnection<Backend> stream) noexcept
      : Counted(std::move(counted)), carpool::StreamConnection<Backend>(std::move(stream)) {}
};

/// Each fifth connect goes where nobody listens.
template <class Connector>
struct Misled : Connector {
  template <class Backend>
  using Connection = CountedStream<Backend>;

  Connector astray;
  Tally* tally;
  std::shared_ptr<std::atomic<std::size_t>> dials = std::make_shared<std::atomic<std::size_t>>(0);

  template <class Backend>
  CountedStream<Backend> connect(carpool::TimePoint deadline) const {
    Counted counted(*tally);
    const Connector& dialled = ++*dials % 5 == 0 ? astray : *this;
    return {std::move(counted), dialled.template connect<Backend>(deadline)};
  }
};

/// Over TCP, a server may see a connection's end after the beginning of its successor: another processor may have the
/// one packet in hand while this one has the other. So what the server counts is exact for Unix sockets alone.
struct OverTcp {
  using Connector = carpool::TcpConnector;
  static constexpr std::size_t overtaken = 8;
  static carpool::SocketAddress here() { return carpool::parse_numeric("127.0.0.1", 0).at(0); }
  static Connector to(LoopbackServer& server) { return {.host = "127.0.0.1", .port = server.port()}; }
};
struct OverUnix {
  using Connector = carpool::UnixConnector;
  static constexpr std::size_t overtaken = 0;
  static carpool::SocketAddress here() {
    static int number = 0;
    return carpool::SocketAddress::unix_path("@carpool-stress-" + std::to_string(::getpid()) + '-' +
                                             std::to_string(++number));
  }
  static Connector to(LoopbackServer& server) {
    return {.path = server.address().to_string().substr(std::string("unix:").size())};
  }
};

template <class Kind>
class FibersStress : public testing::Test {
 protected:
  using Connector = Misled<typename Kind::Connector>;
  using Pool = carpool::ConnectionPool<FiberBackend, carpool::LifoStack, Connector, carpool::MaxUses>;
  using Lease = typename Pool::Lease;

  FibersStress() {
    nobody.stop();
    FiberBackend::spawn_background([] { FiberBackend::install(); }).join();  // the backend opens descriptors of its own
    FiberBackend::install();
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

  Connector connector() { return {Kind::to(server), Kind::to(nobody), &tally}; }

  LoopbackServer server{Kind::here()}, nobody{Kind::here()};
  Tally tally;
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

using Kinds = testing::Types<OverTcp, OverUnix>;

struct KindName {
  template <class Kind>
  static std::string GetName(int) {
    return Kind::overtaken > 0 ? "Tcp" : "Unix";
  }
};
TYPED_TEST_SUITE(FibersStress, Kinds, KindName);

TYPED_TEST(FibersStress, EveryAnswerIsTheAskersOwnAndNothingIsLost) {
  const std::uint64_t rounds = stress_cycles(10);
  const auto live = [&](std::size_t number) {
    for (std::uint64_t round = 0; round < rounds; ++round) {
      this->exchange(std::to_string(number) + " asks " + std::to_string(round) + '\n', FiberBackend::random());
      EXPECT_LE(this->pool->stats().size(), connections);
    }
  };
  {
    std::vector<FiberBackend::Task> tasks;
    for (std::size_t i = 0; i < fibers; ++i) tasks.push_back(FiberBackend::spawn([&live, i] { live(i); }));
    for (auto& task : tasks) task.join();
  }
  EXPECT_GT(this->answered, fibers * rounds / 2);  // a series of failed connects is told to all who wait
  EXPECT_GT(this->told, 0u);
  EXPECT_TRUE(eventually<FiberBackend>([&] { return this->pool->stats().size() == this->pool->stats().idle; }));
  EXPECT_EQ(this->pool->stats().waiting, 0u);
  EXPECT_TRUE(eventually<FiberBackend>([&] { return this->server.open() == this->pool->stats().idle; }));
  EXPECT_LE(this->tally.peak, connections);
  EXPECT_LE(this->server.peak_open(), connections + TypeParam::overtaken);
  EXPECT_TRUE(eventually<FiberBackend>([&] { return this->pool->prewarm(connections, 5s) == connections; }));
  this->pool.reset();
  EXPECT_TRUE(eventually<FiberBackend>([&] { return this->server.open() == 0; }));
  EXPECT_EQ(open_descriptors(), this->descriptors);
}

}  // namespace
