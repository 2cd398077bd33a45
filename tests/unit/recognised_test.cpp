/// What a pool recognises of its policies, in words.
#include <carpool/evictions.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/recognised.hpp>
#include <carpool/thread_backend.hpp>

#include <gtest/gtest.h>

namespace {

using carpool::TimePoint;

struct Connection {
  [[nodiscard]] bool is_connected() const noexcept { return true; }
  [[nodiscard]] bool resuable() const noexcept { return true; }
  bool ping(TimePoint) { return true; }
};
struct Connector {
  using Connection = ::Connection;
  Connection connect(TimePoint) const { return {}; }
};
struct Eviction {
  bool expired(const carpool::Slot&, TimePoint) const { return false; }
};
struct Observer {
  void pool_closed() noexcept {}
  void pool_close() noexcept {}
};

TEST(Recognised, AMisspeltMemberIsAmongTheAbsent) {
  EXPECT_EQ((carpool::recognised<Connector, carpool::ThreadBackend>().to_string()),
            "called: ping; absent: target, reset, dirty, reusable, in_step, handle_exception, lifetime, invalidate, "
            "abandon, validate, describe, interrupt, before_acquire, set_pool_name");
}

TEST(Recognised, EachRoleSaysWhatIsCalled) {
  EXPECT_EQ(carpool::recognised_backend<carpool::ThreadBackend>().to_string().find("called: time_suspended"), 0U);
  EXPECT_EQ(carpool::recognised_queue<carpool::LifoStack>().to_string(),
            "called: worker_caching; absent: pop(WorkerId)");
  EXPECT_EQ(carpool::recognised_eviction<carpool::IdleTimeout>().to_string(),
            "called: due, reason, by_times_alone; absent: nothing");
  EXPECT_EQ(carpool::recognised_eviction<Eviction>().to_string().find("called: nothing"), 0U);
  EXPECT_EQ(carpool::recognised_observer<Observer>().to_string().find("called: pool_closed; absent: acquire_sta"), 0U);
}

}  // namespace
