/// Whatever a connector or an eviction throws, from whichever method: the connection is closed, its slot is free,
/// whoever waits is served or told, and the reaper goes on.
#include <carpool/connection_pool.hpp>
#include <carpool/fifo_queue.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "behaviour.hpp"
#include "eventually.hpp"
#include "io_backends.hpp"

namespace {

using namespace std::chrono_literals;

enum class Method { connect, lifetime, matches, ping, reset, invalidate, handle_exception, expired, due };
constexpr std::array<const char*, 9> method_names = {"connect",    "lifetime",         "matches", "ping", "reset",
                                                     "invalidate", "handle_exception", "expired", "due"};

/// What is thrown: something expected, nothing that is a std::exception, no memory.
enum class Thing { exception, number, no_memory };
constexpr std::array<const char*, 3> thing_names = {"an exception", "a number", "bad_alloc"};

/// Of one pool's connections: who is open, what was called, and what is to be thrown.
struct World {
  static constexpr std::size_t most = 10'000;

  Method method;
  Thing thing;
  int nth;  // call of method throws; 1 is the first
  std::array<std::atomic<int>, method_names.size()> calls{};
  std::array<std::atomic<bool>, most> open{};
  std::atomic<std::size_t> last_id = 0;
  std::atomic<std::size_t> open_now = 0, peak = 0;
  std::atomic<std::size_t> culprit = 0;  // the connection about which it was thrown; 0: none yet, or not about one
  std::atomic<bool> thrown = false;

  void call(Method called, std::size_t id) {
    if (++calls[static_cast<std::size_t>(called)] != nth || called != method) return;
    culprit = id;
    thrown = true;
    switch (thing) {
      case Thing::exception: throw std::runtime_error("as the test wants it");
      case Thing::number: throw 17;
      case Thing::no_memory: throw std::bad_alloc();
    }
  }
  [[nodiscard]] int count(Method called) const { return calls[static_cast<std::size_t>(called)]; }
};

class Tracked {
 public:
  explicit Tracked(std::shared_ptr<World> world) : world_(std::move(world)), id_(++world_->last_id) {
    world_->open.at(id_) = true;
    const std::size_t now = ++world_->open_now;
    for (std::size_t peak = world_->peak; now > peak && !world_->peak.compare_exchange_weak(peak, now);) continue;
  }
  Tracked(Tracked&&) noexcept = default;
  Tracked& operator=(Tracked&& other) noexcept {
    std::swap(world_, other.world_);
    std::swap(id_, other.id_);
    return *this;
  }
  ~Tracked() {
    if (!world_) return;
    world_->open[id_] = false;
    --world_->open_now;
  }
  [[nodiscard]] std::size_t id() const noexcept { return id_; }

  bool dirty = false;

 private:
  std::shared_ptr<World> world_;
  std::size_t id_;
};

/// Has every method that a connector can have.
struct Thrower {
  using Target = std::string;
  using Connection = Tracked;
  std::shared_ptr<World> world;

  Tracked connect(const Target&, carpool::TimePoint) const {
    world->call(Method::connect, 0);
    return Tracked(world);
  }
  bool is_connected(const Tracked&) const noexcept { return true; }
  bool matches(const Tracked& connection, const Target&) const { return call(Method::matches, connection), true; }
  carpool::Duration lifetime(const Tracked& connection) const { return call(Method::lifetime, connection), 1h; }
  bool ping(Tracked& connection, carpool::TimePoint) const { return call(Method::ping, connection), true; }
  bool dirty(const Tracked& connection) const noexcept { return connection.dirty; }
  bool reset(Tracked& connection, carpool::TimePoint) const {
    call(Method::reset, connection);
    connection.dirty = false;
    return true;
  }
  void invalidate(Tracked& connection, carpool::TimePoint) const { call(Method::invalidate, connection); }
  carpool::Verdict handle_exception(Tracked& connection, const std::exception_ptr&) const {
    call(Method::handle_exception, connection);
    return carpool::Verdict::keep;
  }

 private:
  void call(Method method, const Tracked& connection) const { world->call(method, connection.id()); }
};

/// The pool's numbers are not the world's, because a connect that fails uses one up; so no culprit is named here.
struct ThrowingEviction {
  std::shared_ptr<World> world;
  bool expired(const carpool::Slot&, carpool::TimePoint) const { return world->call(Method::expired, 0), false; }
  carpool::TimePoint due(const carpool::Slot& slot) const {
    world->call(Method::due, 0);
    return slot.idle_since + 2ms;
  }
};

template <class Backend>
class ThrowingConnector : public testing::Test {
 protected:
  using Pool = carpool::ConnectionPool<Backend, carpool::FifoQueue, Thrower, ThrowingEviction>;

  void try_with(Method method, Thing thing, int nth) {
    SCOPED_TRACE(testing::Message() << method_names[static_cast<std::size_t>(method)] << " throws "
                                    << thing_names[static_cast<std::size_t>(thing)] << " at call " << nth);
    const auto world = std::make_shared<World>();
    world->method = method, world->thing = thing, world->nth = nth;
    {
      Pool pool({world}, options(), {world});
      work_until_thrown(pool, *world);
      expect_sound(pool, *world);
    }
    EXPECT_EQ(world->open_now, 0u);
  }

 private:
  static carpool::PoolOptions options() {
    return {.max_size = 3,
            .connect_attempts = 1,
            .connect_backoff = short_backoff,
            .validation_bypass_window = 1ms,
            .keepalive_time = 5ms};
  }

  /// One user's day: it uses connections of two endpoints, leaves them dirty, throws, and has the pool cleared.
  static void live(Pool& pool, int number) {
    for (int i = 0; i < 6; ++i) {
      try {
        pool.with_connection((i + number) % 3 == 0 ? "south" : "north", [&](Tracked& connection) {
          connection.dirty = true;
          if (i % 3 == 2) throw std::logic_error("mine");
        });
        if (i == 3) pool.clear();
      } catch (...) {  // mine, the connector's, or the pool's: all of them are answers
      }
    }
  }
  /// More users than connections, so that some wait.
  static void work(Pool& pool) {
    std::atomic<int> number = 0;
    const auto user = [&] { live(pool, ++number); };
    std::vector<decltype(Backend::spawn(user))> users;
    for (int i = 0; i < 5; ++i) users.push_back(Backend::spawn(user));
    for (auto& each : users) each.join();
  }
  static void work_until_thrown(Pool& pool, const World& world) {
    EXPECT_TRUE(eventually<Backend>([&] {
      work(pool);
      Backend::sleep_until(Backend::now() + 10ms);  // what is idle is stale by then, and pinged in the next round
      pool.reap();
      return world.thrown.load();
    }));
  }

  static void expect_sound(Pool& pool, const World& world) {
    EXPECT_TRUE(eventually<Backend>([&] { return pool.stats().waiting == 0 && pool.stats().connecting == 0; }));
    EXPECT_TRUE(eventually<Backend>([&] { return !world.open[world.culprit] || world.culprit == 0; })) << "not closed";
    for (int i = 0; i < 3; ++i) {
      EXPECT_TRUE(eventually<Backend>([&] { return can_have_all(pool); })) << "a slot is lost";
    }
    EXPECT_LE(world.peak, 3u);
    const int pings = world.count(Method::ping);
    EXPECT_TRUE(eventually<Backend>([&] {  // keepalive: the reaper goes on
      if (!Backend::concurrent) pool.reap();
      return world.count(Method::ping) >= pings + 3;
    }));
  }
  static bool can_have_all(Pool& pool) {
    try {
      const auto one = pool.acquire_for("north", 5s), two = pool.acquire_for("south", 5s);
      const auto three = pool.acquire_for("north", 5s);
      return true;
    } catch (const carpool::ConnectError&) {  // the breaker may still be open
      return false;
    }
  }
};
TYPED_TEST_SUITE(ThrowingConnector, IoBackends, BackendName);

TYPED_TEST(ThrowingConnector, CostsOneConnectionAndNoPlaceWhateverMethodThrowsWhatever) {
  for (std::size_t method = 0; method < method_names.size(); ++method) {
    for (std::size_t thing = 0; thing < thing_names.size(); ++thing) {
      for (int nth = 1; nth <= 4; ++nth) this->try_with(static_cast<Method>(method), static_cast<Thing>(thing), nth);
    }
  }
}

}  // namespace
