/// Law 4: one deadline bounds the whole acquire, whatever the pool has to do for it on the way.
#pragma once

#include "pool_laws_fixture.hpp"

namespace pool_laws {

/// Far longer than any test's timeout, and far shorter than a test may take.
inline constexpr Duration long_job = 3s;
/// Between a deadline of 20 ms and a job that was not cut.
inline constexpr Duration late = 1500ms;

}  // namespace pool_laws

TYPED_TEST_P(PoolLaws, AResetThatHangsDoesNotExceedTheDeadline) {
  this->server.other_connects(ok().dirtied_by_use().answering_resets(FakeReply::silence));
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 1, .validation_timeout = long_job});
  pool.acquire()->use();
  const Duration took = time_of<TypeParam>(
      [&] { EXPECT_EQ(error_of([&] { return pool.acquire_for(20ms); }), PoolErrc::acquire_timeout); });
  EXPECT_GE(took, 20ms);
  EXPECT_LT(took, late);
}

TYPED_TEST_P(PoolLaws, APingThatHangsDoesNotExceedTheDeadline) {
  this->server.other_connects(ok().answering_pings(FakeReply::silence));
  Pool<TypeParam> pool(this->server.connector(),
                       {.max_size = 1, .validation_bypass_window = 1ms, .validation_timeout = long_job});
  static_cast<void>(pool.acquire());
  pause<TypeParam>(20ms);
  const Duration took = time_of<TypeParam>(
      [&] { EXPECT_EQ(error_of([&] { return pool.acquire_for(20ms); }), PoolErrc::acquire_timeout); });
  EXPECT_LT(took, late);
}

TYPED_TEST_P(PoolLaws, AGoodbyeThatHangsDoesNotExceedTheDeadline) {
  this->server.other_connects(ok().slow_to_part(long_job));
  TargetPool<TypeParam> pool(this->server.target_connector(), {.max_size = 1, .close_timeout = long_job});
  static_cast<void>(pool.acquire("a"));
  const Duration took =
      time_of<TypeParam>([&] { static_cast<void>(error_of([&] { return pool.acquire_for("b", 20ms); })); });
  EXPECT_LT(took, late) << "room was made for it by a goodbye";
}

TYPED_TEST_P(PoolLaws, SeveralJobsThatHangDoNotExceedTheDeadline) {
  this->server.other_connects(ok().dirtied_by_use().answering_resets(FakeReply::silence));
  Pool<TypeParam> pool(this->server.connector(), {.max_size = 4, .validation_timeout = long_job});
  {
    std::vector<typename Pool<TypeParam>::Lease> leases;
    for (int i = 0; i < 4; ++i) leases.push_back(pool.acquire());
    for (auto& lease : leases) lease->use();
  }
  for (int i = 0; i < 3; ++i) {
    const Duration took =
        time_of<TypeParam>([&] { static_cast<void>(error_of([&] { return pool.acquire_for(20ms); })); });
    EXPECT_LT(took, late);
  }
}

TYPED_TEST_P(PoolLaws, TryAcquireWaitsForNoJob) {
  this->server.other_connects(ok().dirtied_by_use().answering_resets(FakeReply::silence).slow_to_part(long_job));
  Pool<TypeParam> pool(this->server.connector(),
                       {.max_size = 1, .close_timeout = long_job, .validation_timeout = long_job});
  pool.acquire()->use();
  const Duration took = time_of<TypeParam>([&] { EXPECT_FALSE(pool.try_acquire()); });
  EXPECT_LT(took, late);
}
