/// Memory runs out at the 1st, 2nd, 3rd ... allocation: the pool's state stays exact, nothing is lost, and the pool
/// goes on.
#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/single_backend.hpp>
#include <carpool/thread_backend.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "behaviour.hpp"
#include "eventually.hpp"

namespace {

enum class Lasting {
  once,     ///< the n-th allocation fails; those after it succeed
  forever,  ///< the n-th and all after it fail
};
enum class Whose {
  the_callers,  ///< allocations of this thread
  everybodys,   ///< of all threads
};

/// One countdown to failure.
struct Countdown {
  std::atomic<long> to_go = 0;  // 0: off
  std::atomic<bool> forever = false;
  std::atomic<long> failed = 0;

  void start(long nth, Lasting lasting) {
    failed = 0;
    forever = lasting == Lasting::forever;
    to_go = nth;
  }
  [[nodiscard]] bool fails_now() {
    long before = to_go;
    do {
      if (before == 0) return false;
    } while (!to_go.compare_exchange_weak(before, before == 1 && forever ? 1 : before - 1));
    if (before == 1) ++failed;
    return before == 1;
  }
};

constinit thread_local Countdown* this_threads = nullptr;
constinit Countdown all_threads;

/// Memory is short while it lives. Where it is short for this thread too, what is expected of it is asked afterwards: a
/// complaint needs memory.
class Shortage {
 public:
  Shortage(Whose whose, long nth, Lasting lasting) : countdown_(whose == Whose::everybodys ? all_threads : own_) {
    countdown_.start(nth, lasting);
    if (whose == Whose::the_callers) this_threads = &own_;
  }
  Shortage(const Shortage&) = delete;
  Shortage& operator=(const Shortage&) = delete;
  ~Shortage() { end(); }

  /// Whether it was felt; ends it.
  bool end() {
    this_threads = nullptr;
    countdown_.to_go = 0;
    return countdown_.failed > 0;
  }

 private:
  Countdown own_;
  Countdown& countdown_;
};

void* allocate(std::size_t size, std::size_t alignment) {
  if ((this_threads != nullptr && this_threads->fails_now()) || all_threads.fails_now()) throw std::bad_alloc();
  const std::size_t whole = (std::max<std::size_t>(size, 1) + alignment - 1) / alignment * alignment;
  if (void* memory = std::aligned_alloc(alignment, whole)) return memory;
  throw std::bad_alloc();
}

}  // namespace

// The forms for arrays stand here too, because ThreadSanitizer's own do not come down to these. Not inline, or g++
// takes free() for the wrong partner of new.
void* operator new(std::size_t size) { return allocate(size, alignof(std::max_align_t)); }
void* operator new[](std::size_t size) { return allocate(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate(size, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace {

using namespace std::chrono_literals;
using carpool::LifoStack;

struct World {
  std::atomic<std::size_t> open = 0;
  std::atomic<std::size_t> peak = 0;
  std::atomic<bool> refuses = false;
};

/// Counted while it lives; needs memory to be opened, none to be asked or closed.
class Counted {
 public:
  explicit Counted(World& world) : world_(&world), buffer_(std::make_unique<char[]>(64)) {
    const std::size_t now = ++world.open;
    for (std::size_t peak = world.peak; now > peak && !world.peak.compare_exchange_weak(peak, now);) continue;
  }
  Counted(Counted&& other) noexcept : world_(std::exchange(other.world_, nullptr)), buffer_(std::move(other.buffer_)) {}
  Counted& operator=(Counted&& other) noexcept {
    std::swap(world_, other.world_);
    std::swap(buffer_, other.buffer_);
    return *this;
  }
  ~Counted() {
    if (world_ != nullptr) --world_->open;
  }

 private:
  World* world_;
  std::unique_ptr<char[]> buffer_;
};

struct Plain {
  using Connection = Counted;
  World* world;

  Counted connect(carpool::TimePoint) const {
    if (world->refuses) throw std::runtime_error("a message too long for the string's own buffer, so it needs memory");
    return Counted(*world);
  }
  bool is_connected(const Counted&) const noexcept { return true; }
};

/// The same with endpoints, which are found by hash.
struct Named : Plain {
  using Target = std::string;
  Counted connect(const Target&, carpool::TimePoint deadline) const { return Plain::connect(deadline); }
  bool matches(const Counted&, const Target&) const { return true; }
};

template <class B, class C>
struct Kind {
  using Backend = B;
  using Connector = C;
};

/// A pool in a world of its own, with `idle` connections in it, and one more lent.
template <class Kind>
class Scene {
 public:
  using Backend = typename Kind::Backend;
  using Connector = typename Kind::Connector;
  using Pool = carpool::ConnectionPool<Backend, LifoStack, Connector, carpool::NeverEvict>;
  using Lease = typename Pool::Lease;
  static constexpr std::size_t max_size = 6;

  explicit Scene(std::size_t idle) {
    std::vector<Lease> leases;
    for (std::size_t i = 0; i < idle; ++i) leases.push_back(acquire());
    lent = acquire();
  }

  Lease acquire(carpool::Duration timeout = 20s) {
    if constexpr (carpool::detail::has_target<Connector>) {
      return pool.acquire_for(target, timeout);
    } else {
      return pool.acquire_for(timeout);
    }
  }
  std::optional<Lease> try_acquire() {
    if constexpr (carpool::detail::has_target<Connector>) {
      return pool.try_acquire(target);
    } else {
      return pool.try_acquire();
    }
  }
  std::size_t prewarm(std::size_t n) {
    if constexpr (carpool::detail::has_target<Connector>) {
      return pool.prewarm(target, n, 50ms);
    } else {
      return pool.prewarm(n, 50ms);
    }
  }
  void use_one() {
    if constexpr (carpool::detail::has_target<Connector>) {
      pool.with_connection(target, [](Counted&) {});
    } else {
      pool.with_connection([](Counted&) {});
    }
  }

  /// The pool's state comes to rest, agrees with the server, and everything can be had again.
  void expect_sound() {
    world.refuses = false;
    lent.release();
    pool.resize(max_size);
    pool.resume();
    EXPECT_TRUE(eventually<Backend>([&] {
      const carpool::PoolStats stats = pool.stats();
      return stats.size() == stats.idle && stats.waiting == 0 && stats.idle == world.open;
    })) << "not at rest, or the pool's state does not agree";
    const carpool::TimePoint end = Backend::now() + 20s;
    std::vector<Lease> all;
    while (all.size() < max_size && Backend::now() < end) {
      try {
        all.push_back(acquire());
      } catch (const carpool::BreakerOpen& error) {
        Backend::sleep_until(Backend::now() + error.retry_after());
      }
    }
    EXPECT_EQ(all.size(), max_size);
    EXPECT_EQ(world.open, max_size);
    EXPECT_LE(world.peak, max_size);
  }

  World world;
  const std::string target = "an endpoint whose name is so long that it needs memory";
  Pool pool{make_connector(), {.max_size = max_size, .acquire_timeout = 50ms, .connect_backoff = short_backoff}};
  Lease lent;

 private:
  Connector make_connector() {
    Connector connector;
    connector.world = &world;
    return connector;
  }
};

/// work(scene) with the n-th allocation failing, for n = 1, 2, 3 ... until it needs fewer than n.
template <class Kind>
class AllocationFailure : public testing::Test {
 protected:
  using Scene = ::Scene<Kind>;

  template <class Work>
  void at_each_allocation(std::size_t idle, Work work) {
    for (const Whose whose : {Whose::the_callers, Whose::everybodys}) {
      for (const Lasting lasting : {Lasting::once, Lasting::forever}) {
        for (long n = 1; fails_at(idle, whose, lasting, n, work); ++n) ASSERT_LT(n, 1000);
      }
    }
  }

 private:
  /// False: there was no n-th allocation.
  template <class Work>
  bool fails_at(std::size_t idle, Whose whose, Lasting lasting, long n, Work& work) {
    SCOPED_TRACE(testing::Message() << "allocation " << n << (lasting == Lasting::once ? ", once" : " and all others")
                                    << (whose == Whose::everybodys ? ", of any thread" : ""));
    auto scene = std::make_unique<Scene>(idle);
    bool felt = false;
    {
      Shortage shortage(whose, n, lasting);
      try {
        work(*scene);
      } catch (const std::bad_alloc&) {  // told so: well
      } catch (const carpool::PoolError&) {
      }
      felt = shortage.end();
    }
    scene->expect_sound();
    return felt;
  }
};

using Kinds = testing::Types<Kind<carpool::SingleBackend, Plain>, Kind<carpool::SingleBackend, Named>,
                             Kind<carpool::ThreadBackend, Plain>, Kind<carpool::ThreadBackend, Named>>;

struct KindName {
  template <class T>
  static std::string GetName(int) {
    const char* backend = T::Backend::concurrent ? "ThreadBackend" : "SingleBackend";
    return backend + std::string(carpool::detail::has_target<typename T::Connector> ? "WithTargets" : "");
  }
};
TYPED_TEST_SUITE(AllocationFailure, Kinds, KindName);

TYPED_TEST(AllocationFailure, InAnAcquireThatFindsAnIdleConnection) {
  this->at_each_allocation(2, [](auto& scene) { scene.acquire(50ms).release(); });
}

TYPED_TEST(AllocationFailure, InAnAcquireThatNeedsANewConnection) {
  this->at_each_allocation(0, [](auto& scene) {
    const auto one = scene.acquire(50ms);
    const auto two = scene.acquire(50ms);
  });
}

TYPED_TEST(AllocationFailure, InAnAcquireForAnEndpointThatIsNew) {
  if constexpr (carpool::detail::has_target<typename TypeParam::Connector>) {
    this->at_each_allocation(2, [](auto& scene) {
      scene.pool.acquire_for("another endpoint, of which the pool has not heard before", 50ms).release();
    });
  }
}

TYPED_TEST(AllocationFailure, InAnAcquireThatTimesOut) {
  this->at_each_allocation(TestFixture::Scene::max_size - 1, [](auto& scene) {
    std::vector<typename TestFixture::Scene::Lease> leases(TestFixture::Scene::max_size);
    for (auto& lease : leases) lease = scene.acquire(2ms);
  });
}

TYPED_TEST(AllocationFailure, InAnAcquireWhoseConnectFails) {
  this->at_each_allocation(0, [](auto& scene) {
    scene.world.refuses = true;
    scene.acquire(50ms).release();
  });
}

TYPED_TEST(AllocationFailure, InATryAcquire) {
  this->at_each_allocation(1, [](auto& scene) {
    const auto one = scene.try_acquire();
    const auto two = scene.try_acquire();
  });
}

TYPED_TEST(AllocationFailure, InWithConnection) {
  this->at_each_allocation(0, [](auto& scene) { scene.use_one(); });
}

TYPED_TEST(AllocationFailure, InAPrewarm) {
  this->at_each_allocation(1, [](auto& scene) { static_cast<void>(scene.prewarm(4)); });
}

TYPED_TEST(AllocationFailure, InTheMaintenanceOfThePool) {
  this->at_each_allocation(3, [](auto& scene) {
    scene.pool.reap();
    scene.pool.retire_all();
    scene.pool.resize(3);
    scene.pool.resize(TestFixture::Scene::max_size);
    scene.pool.suspend();
    scene.pool.resume();
  });
}

/// Law 11, for all threads: whatever ends a lease needs no memory.
template <class SomeScene, class End>
void expect_no_allocation(End end) {
  SomeScene scene(2);
  Shortage shortage(Whose::the_callers, 1, Lasting::forever);
  end(scene.lent);
  EXPECT_FALSE(shortage.end());
  scene.expect_sound();
}

TYPED_TEST(AllocationFailure, AReleaseNeedsNoMemory) {
  expect_no_allocation<typename TestFixture::Scene>([](auto& lease) { lease.release(); });
  expect_no_allocation<typename TestFixture::Scene>([](auto& lease) { lease.discard(); });
  expect_no_allocation<typename TestFixture::Scene>([](auto& lease) { const auto mine = lease.detach(); });
}

TYPED_TEST(AllocationFailure, AnAcquireOfAnIdleConnectionNeedsNoMemory) {
  typename TestFixture::Scene scene(2);
  Shortage shortage(Whose::the_callers, 1, Lasting::forever);
  for (int i = 0; i < 10; ++i) scene.acquire().release();
  EXPECT_FALSE(shortage.end());
  scene.expect_sound();
}

/// Connects to "slow" last until the gate is open.
struct Slow : Named {
  std::atomic<bool>* gate;
  Counted connect(const std::string& target, carpool::TimePoint deadline) const {
    if (target == "slow" && !eventually<carpool::ThreadBackend>([&] { return gate->load(); })) ADD_FAILURE();
    return Plain::connect(deadline);
  }
};

class AllocationFailureOfAWorker : public testing::Test {
 protected:
  using Backend = carpool::ThreadBackend;
  using Pool = carpool::ConnectionPool<Backend, LifoStack, Slow, carpool::NeverEvict>;

  AllocationFailureOfAWorker() { connector.world = &world, connector.gate = &gate; }

  /// Somebody who needs one more connection as soon as memory is short; `got_one` says whether it came.
  [[nodiscard]] Backend::Task wants_one_in_need(Pool& pool) {
    return Backend::spawn([this, &pool] {
      try {
        if (!eventually<Backend>([] { return all_threads.to_go != 0; })) return;
        pool.acquire_for("quick", 8s).release();
        got_one = true;
      } catch (const std::exception&) {  // told so
      }
    });
  }

  World world;
  std::atomic<bool> gate = false;
  std::atomic<bool> got_one = false;
  Slow connector;
};

TEST_F(AllocationFailureOfAWorker, IsMadeGoodWhileAnotherWorkerIsBusy) {
  Pool pool(connector, {.max_size = 3, .connect_attempts = 1000});
  const auto keeps_the_endpoint = pool.acquire("quick");
  Backend::Task busy = Backend::spawn([&] { pool.acquire("slow").release(); });
  EXPECT_TRUE(eventually<Backend>([&] { return pool.stats().connecting == 1; }));
  Backend::Task waiter = wants_one_in_need(pool);
  bool felt = false;
  {
    Shortage shortage(Whose::everybodys, 1, Lasting::forever);
    felt = eventually<Backend>([&] { return pool.stats().waiting == 2 && all_threads.failed > 0; });
    Backend::sleep_until(Backend::now() + 50ms);  // whoever failed has gone to rest by now
  }
  EXPECT_TRUE(felt);
  waiter.join();
  EXPECT_TRUE(got_one);
  EXPECT_FALSE(gate) << "the background worker that was busy is busy still";
  gate = true;
  busy.join();
}

/// Slots come in blocks: with so many lent, one of them is the first that needs memory.
TEST_F(AllocationFailureOfAWorker, IsNotRepeatedWithoutRest) {
  for (std::size_t lent = 1; lent <= 4; ++lent) {
    Pool pool(connector, {.max_size = 6});
    std::vector<Pool::Lease> leases;
    while (leases.size() < lent) leases.push_back(pool.acquire("quick"));
    Backend::sleep_until(Backend::now() + 5ms);  // most likely the worker rests; if not, one more must be spawned
    Backend::Task waiter = wants_one_in_need(pool);
    bool felt = false;
    long failed = 0;
    {
      Shortage shortage(Whose::everybodys, 1, Lasting::forever);
      felt = eventually<Backend>([&] { return all_threads.failed > 0; });
      Backend::sleep_until(Backend::now() + 50ms);
      failed = all_threads.failed;
    }
    waiter.join();
    EXPECT_TRUE(felt);
    EXPECT_LT(failed, 100) << "with " << lent << " lent";
  }
}

TYPED_TEST(AllocationFailure, NothingIsLeftOpenWhenThePoolIsGone) {
  auto scene = std::make_unique<typename TestFixture::Scene>(2);
  {
    Shortage shortage(Whose::everybodys, 1, Lasting::forever);
    scene->lent.release();
    scene->pool.close();
  }
  EXPECT_TRUE(eventually<typename TypeParam::Backend>([&] { return scene->world.open == 0; }));
}

}  // namespace
