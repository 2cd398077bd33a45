// needs: postgres_connector fiber_backend
/// A thousand fibers of one thread share fifty connections to PostgreSQL, TLS handshakes and names included.
#include <carpool/connection_pool.hpp>
#include <carpool/fiber_backend.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/postgres_connector.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "postgres_fixture.hpp"

namespace {

using Backend = carpool::FiberBackend;
using std::chrono::milliseconds;
using std::chrono::seconds;

class PostgresFibers : public PostgresFixture<Backend> {
 protected:
  using Pool = carpool::ConnectionPool<Backend, carpool::LifoStack, carpool::PostgresConnector>;

  /// The longest time that the thread did not come round to a fiber that wanted to run each millisecond.
  template <class Work>
  static carpool::Duration longest_stall(Work work) {
    std::atomic<bool> working = true;  // of one thread, but clang-tidy knows no fibers
    carpool::Duration longest{};
    auto heart = Backend::spawn([&] {
      for (carpool::TimePoint due = in(milliseconds(1)); working; due = in(milliseconds(1))) {
        Backend::sleep_until(due);
        longest = std::max<carpool::Duration>(longest, Backend::now() - due);
      }
    });
    work();
    working = false;
    heart.join();
    return longest;
  }

  static int right_answers(Pool& pool, int number) {
    int right = 0;
    for (int round = 0; round < 3; ++round) {
      auto lease = pool.acquire();
      const auto answer = lease->query("SELECT $1::int", {1000 * number + round}, soon_enough());
      right += answer.get<int>(0, 0) == 1000 * number + round ? 1 : 0;
    }
    return right;
  }

  static int serve_a_thousand(Pool& pool) {
    int right = 0;
    std::vector<Backend::Task> crowd;
    for (int number = 0; number < 1000; ++number) {
      crowd.push_back(Backend::spawn([&pool, &right, number] {
        const int mine = right_answers(pool, number);
        right += mine;
      }));
    }
    for (auto& fiber : crowd) fiber.join();
    return right;
  }
};

TEST_F(PostgresFibers, AThousandOverFiftyConnectionsStallTheirThreadForLessThan20Milliseconds) {
  auto connector = this->connector();
  connector.host = "localhost";
  connector.options = {{"sslmode", "verify-full"}, {"sslrootcert", server().file("ca.pem")}};
  carpool::Duration best = carpool::forever;
  // A busy machine may take the thread its processor for longer than that, but hardly three times in a row.
  for (int attempt = 0; attempt < 5 && best > milliseconds(20); ++attempt) {
    best = std::min(best, longest_stall([&] {
                      Pool pool(connector, {.max_size = 50, .acquire_timeout = seconds(60), .max_connecting = 10});
                      EXPECT_EQ(serve_a_thousand(pool), 3000);
                    }));
  }
  EXPECT_LE(best, milliseconds(20));
  RecordProperty("longest_stall_us", std::to_string(best.count() / 1000));
}

}  // namespace
