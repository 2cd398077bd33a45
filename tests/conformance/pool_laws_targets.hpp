/// Laws of targets: one pool for many endpoints, none of whose trouble hurts another's.
#pragma once

#include "pool_laws_fixture.hpp"

namespace pool_laws {

/// A target that can be compared and no more, and that knows how many of its kind there are.
class CountedTarget {
 public:
  explicit CountedTarget(int port = 0) noexcept : port_(port) { ++alive(); }
  CountedTarget(const CountedTarget& other) noexcept : port_(other.port_) { ++alive(); }
  CountedTarget& operator=(const CountedTarget&) noexcept = default;
  ~CountedTarget() { --alive(); }
  friend bool operator==(const CountedTarget& a, const CountedTarget& b) noexcept { return a.port_ == b.port_; }

  [[nodiscard]] int port() const noexcept { return port_; }
  [[nodiscard]] static std::atomic<int>& alive() noexcept {
    static std::atomic<int> count{0};
    return count;
  }

 private:
  int port_;
};

/// The least that a connector with targets can be. Odd ports refuse.
struct PortConnector {
  using Target = CountedTarget;
  struct Connection {
    int port;
  };
  [[nodiscard]] Connection connect(const Target& target, TimePoint) const {
    if (target.port() % 2 != 0) throw std::runtime_error("an odd port");
    return {target.port()};
  }
  [[nodiscard]] bool is_connected(const Connection&) const noexcept { return true; }
  [[nodiscard]] bool matches(const Connection& connection, const Target& target) const {
    return connection.port == target.port();
  }
};

}  // namespace pool_laws

TYPED_TEST_P(PoolLaws, ALeaseIsForTheTargetThatWasAskedFor) {
  TargetPool<TypeParam> pool(this->server.target_connector());
  const std::uint64_t a = pool.acquire("a")->id();
  const std::uint64_t b = pool.acquire("b")->id();
  EXPECT_NE(a, b);
  EXPECT_EQ(pool.acquire("a")->id(), a);
  EXPECT_EQ(pool.acquire_for("b", 10s)->id(), b);
  EXPECT_EQ(pool.acquire_until("b", TypeParam::now() + 10s)->target(), "b");
  EXPECT_EQ((*pool.try_acquire("a"))->target(), "a");
  std::error_code error;
  EXPECT_EQ(pool.acquire("a", error)->target(), "a");
  EXPECT_EQ(pool.with_connection("b", [](auto& connection) { return connection.target(); }), "b");
  EXPECT_EQ(pool.prewarm("c", 2, 10s), 2U);
  EXPECT_EQ(pool.stats().idle, 4U);
}

TYPED_TEST_P(PoolLaws, TheConnectionThatWasIdleLongestMakesRoomForAnotherTarget) {
  TargetPool<TypeParam> pool(this->server.target_connector(), {.max_size = 3});
  std::vector<std::uint64_t> ids;
  for (const char* target : {"a", "b", "c"}) {
    ids.push_back(pool.acquire(target)->id());
    pause<TypeParam>(12ms);  // more than a tick of the coarse clock
  }
  static_cast<void>(pool.acquire("a"));  // now b was idle longest
  EXPECT_EQ(pool.acquire("d")->target(), "d");
  EXPECT_EQ(pool.acquire("a")->id(), ids[0]);
  EXPECT_EQ(pool.acquire("c")->id(), ids[2]);
  EXPECT_EQ(this->server.counts("b").open, 0U);
  EXPECT_EQ(this->server.counts("b").invalidated, 1U);
  EXPECT_EQ(closed_for<TypeParam>(pool, CloseReason::surplus), 1U);
  EXPECT_LE(this->server.counts().peak_size, 3U);
}

TYPED_TEST_P(PoolLaws, ConnectionsInUseMakeNoRoom) {
  TargetPool<TypeParam> pool(this->server.target_connector(), {.max_size = 2});
  auto first = pool.acquire("a");
  auto second = pool.acquire("a");
  EXPECT_EQ(error_of([&] { return pool.acquire_for("b", 5ms); }), PoolErrc::acquire_timeout);
  first.release();
  EXPECT_EQ(pool.acquire("b")->target(), "b");
  EXPECT_EQ(second->target(), "a");
  EXPECT_EQ(this->server.counts().peak_size, 2U);
}

// Law 3, across targets: what comes back makes room for the one who waits.
TYPED_TEST_P(PoolLawsAmongWorkers, AWaiterIsServedWhenAConnectionOfAnotherTargetComesBack) {
  TargetPool<TypeParam> pool(this->server.target_connector(), {.max_size = 1});
  auto lease = pool.acquire("a");
  Workers<TypeParam> workers;
  workers.start([&] { EXPECT_EQ(pool.acquire_for("b", 10s)->target(), "b"); });
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().waiting == 1; }));
  lease.release();
  workers.join();
  EXPECT_EQ(this->server.counts().peak_size, 1U);
}

TYPED_TEST_P(PoolLaws, EachTargetHasItsOwnBreaker) {
  this->server.other_connects("bad", refuse("bad is down"));
  TargetPool<TypeParam> pool(this->server.target_connector(), {.connect_attempts = 1, .connect_backoff = {20s, 20s}});
  EXPECT_EQ(error_of([&] { return pool.acquire("bad"); }), PoolErrc::connect_failed);
  EXPECT_EQ(pool.acquire("good")->target(), "good");
  const auto error = thrown<carpool::BreakerOpen>([&] { return pool.acquire("bad"); });
  ASSERT_TRUE(error);
  EXPECT_TRUE(contains(error->what(), "bad is down"));
  EXPECT_EQ(pool.acquire("another")->target(), "another");
  EXPECT_EQ(this->server.counts("bad").connects, 1U);
}

TYPED_TEST_P(PoolLawsAmongWorkers, AConnectErrorConcernsThoseWhoWaitForThatTargetAlone) {
  FakeConnect refusal = refuse("down");
  refusal.delay = 1s;
  this->server.other_connects("bad", refusal);
  this->server.next_connects("good", {held()});
  TargetPool<TypeParam> pool(this->server.target_connector(), {.connect_attempts = 1, .connect_backoff = {20s, 20s}});
  Workers<TypeParam> good;
  Workers<TypeParam> bad;
  good.start(1, [&] { EXPECT_EQ(pool.acquire_for("good", 10s)->target(), "good"); });
  EXPECT_TRUE(eventually<TypeParam>([&] { return this->server.counts("good").connecting == 1; }));
  bad.start(3, [&] { EXPECT_EQ(error_of([&] { return pool.acquire("bad"); }), PoolErrc::connect_failed); });
  bad.join();
  EXPECT_EQ(pool.stats().waiting, 1U);
  this->server.let_through();
  good.join();
}

TYPED_TEST_P(PoolLawsAmongWorkers, ATargetThatHangsDoesNotHoldUpAnother) {
  this->server.other_connects("bad", held());
  TargetPool<TypeParam> pool(this->server.target_connector(), {.max_connecting = 2});
  Workers<TypeParam> workers;
  workers.start([&] { EXPECT_EQ(error_of([&] { return pool.acquire_for("bad", 1s); }), PoolErrc::acquire_timeout); });
  EXPECT_TRUE(eventually<TypeParam>([&] { return this->server.counts("bad").connecting == 1; }));
  EXPECT_LT(time_of<TypeParam>([&] { EXPECT_TRUE(pool.acquire("good")); }), 5s);
  EXPECT_EQ(this->server.counts("bad").connecting, 1U);
  workers.join();
  this->server.let_through();
}

// Law 3: its breaker is open when the slot that it could have becomes free.
TYPED_TEST_P(PoolLawsAmongWorkers, AWaiterIsServedOnceItsTargetMayBeTriedAgain) {
  TargetPool<TypeParam> pool(this->server.target_connector(),
                             {.max_size = 1, .connect_attempts = 1, .connect_backoff = {150ms, 150ms}});
  this->server.next_connects("b", {refuse("down")});
  EXPECT_EQ(error_of([&] { return pool.acquire("b"); }), PoolErrc::connect_failed);
  auto lease = pool.acquire("a");
  std::error_code error = PoolErrc::interrupted;
  Workers<TypeParam> workers;
  workers.start([&] { error = error_of([&] { return pool.acquire_for("b", 8s); }); });
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().waiting == 1; }));
  lease.release();
  workers.join();
  EXPECT_NE(error, PoolErrc::acquire_timeout) << "a connection in time, or the breaker's word at once";
}

TYPED_TEST_P(PoolLaws, APingWithoutAnswerSpeaksAgainstItsOwnTargetAlone) {
  const FakeConnect silent = ok().answering_pings(FakeReply::silence);
  this->server.next_connects("a", {silent, silent});
  TargetPool<TypeParam> pool(this->server.target_connector(),
                             {.validation_bypass_window = 60ms, .validation_timeout = 20ms});
  EXPECT_EQ(pool.prewarm("a", 2, 10s), 2U);
  EXPECT_EQ(pool.prewarm("b", 2, 10s), 2U);
  pause<TypeParam>(80ms);
  EXPECT_EQ(pool.acquire("a")->id(), 5U);
  EXPECT_LE(pool.acquire("b")->id(), 4U);
  EXPECT_EQ(this->server.counts("b").open, 2U);
  EXPECT_TRUE(eventually<TypeParam>([&] { return this->server.counts("a").open == 1; }, pool));
}

// Law 5: whatever the connector throws, its caller gets it and the slot is back.
TYPED_TEST_P(PoolLaws, AConnectionThatCannotBeMatchedIsClosed) {
  TargetPool<TypeParam> pool(this->server.target_connector(), {.max_size = 1});
  static_cast<void>(pool.acquire("a"));
  this->server.throw_from(FakeMethod::matches, 1, std::make_exception_ptr(std::domain_error("unmatchable")));
  EXPECT_THROW(static_cast<void>(pool.acquire("a")), std::domain_error);
  EXPECT_EQ(pool.stats().in_use, 0U);
  EXPECT_EQ(pool.acquire("a")->id(), 2U);
}

TYPED_TEST_P(PoolLaws, RetireAllAndClearConcernEveryTarget) {
  TargetPool<TypeParam> pool(this->server.target_connector());
  auto a = pool.acquire("a");
  static_cast<void>(pool.acquire("b"));
  pool.retire_all();
  a.release();
  EXPECT_TRUE(eventually<TypeParam>([&] { return pool.stats().size() == 0; }, pool));
  EXPECT_GT(pool.acquire("a")->id(), 2U);
  EXPECT_GT(pool.acquire("b")->id(), 2U);
  EXPECT_EQ(pool.clear(), 2U);
}

TYPED_TEST_P(PoolLaws, MinIdleIsRefusedWhereThePoolCannotKnowTheTarget) {
  const auto error = thrown<std::invalid_argument>([&] {
    TargetPool<TypeParam> pool(this->server.target_connector(), {.min_idle = 1});
    return 0;
  });
  ASSERT_TRUE(error);
  EXPECT_TRUE(contains(error->what(), "min_idle")) << error->what();
}

// What a pool keeps does not grow with the targets that it was ever asked for, those that failed included.
TYPED_TEST_P(PoolLaws, TargetsThatNobodyUsesAreForgotten) {
  const int before = CountedTarget::alive();
  carpool::ConnectionPool<TypeParam, carpool::LifoStack, PortConnector> pool(
      PortConnector(), {.max_size = 2, .connect_attempts = 1, .connect_backoff = {1ms, 5ms}});
  for (int port = 0; port < 40; ++port) {
    const CountedTarget target(port);
    if (port % 2 == 0) {
      EXPECT_EQ(pool.acquire(target)->port, port);
    } else {
      EXPECT_EQ(error_of([&] { return pool.acquire(target); }), PoolErrc::connect_failed);
    }
  }
  EXPECT_TRUE(eventually<TypeParam>([&] { return CountedTarget::alive() <= before + 2; }, pool))
      << CountedTarget::alive() - before << " targets are kept for two connections";
}
