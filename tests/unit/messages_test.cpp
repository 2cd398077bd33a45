/// The words of error texts: lengths of time, in any locale; who holds the connections, and what is being connected.
#include <carpool/connection_pool.hpp>
#include <carpool/detail/diagnosis.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/thread_backend.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <clocale>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <unistd.h>

namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace)
using carpool::Holder;
using carpool::SourceLocation;
using carpool::TimePoint;
using carpool::detail::list_holders;
using carpool::detail::OldestHolders;
using carpool::detail::to_text;

TEST(Messages, ALengthIsToldInTheUnitInWhichItReadsBest) {
  EXPECT_EQ(to_text(0ns), "0.0 us");
  EXPECT_EQ(to_text(3us + 60ns), "3.0 us");
  EXPECT_EQ(to_text(999us + 999ns), "999.9 us");
  EXPECT_EQ(to_text(1ms), "1.0 ms");
  EXPECT_EQ(to_text(250ms), "250.0 ms");
  EXPECT_EQ(to_text(1s), "1.0 s");
  EXPECT_EQ(to_text(90s + 150ms), "90.1 s");
  EXPECT_EQ(to_text(carpool::forever - 1ns), "9223372036.8 s");
  EXPECT_EQ(to_text(carpool::forever), "forever");
  EXPECT_EQ(to_text(-20ms), "-20.0 ms");
  EXPECT_EQ(to_text(carpool::Duration::min()), "-forever");
}

/// A folder with a locale whose decimal point is a comma, made for this test, or an empty path.
class CommaLocale {
 public:
  CommaLocale() : folder_(std::filesystem::temp_directory_path() / ("carpool-locale-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_);
    const std::string make =
        "localedef -c -i de_DE -f UTF-8 " + (folder_ / "de_DE.UTF-8").string() + " >/dev/null 2>&1";
    made_ = std::system(make.c_str()) == 0;
    ::setenv("LOCPATH", folder_.c_str(), 1);
    made_ = made_ && std::setlocale(LC_ALL, "de_DE.UTF-8") != nullptr;
  }
  CommaLocale(const CommaLocale&) = delete;
  CommaLocale& operator=(const CommaLocale&) = delete;
  ~CommaLocale() {
    std::setlocale(LC_ALL, "C");
    ::unsetenv("LOCPATH");
    std::filesystem::remove_all(folder_);
  }
  [[nodiscard]] bool in_force() const { return made_ && std::to_string(0.5).find(',') != std::string::npos; }

 private:
  std::filesystem::path folder_;
  bool made_ = false;
};

// Only the first digit was left of "250.0 ms" where a program had set a locale with a decimal comma.
TEST(Messages, NoLocaleChangesWhatALengthReadsLike) {
  const CommaLocale locale;
  if (!locale.in_force()) GTEST_SKIP() << "localedef could not make a locale with a decimal comma here";
  EXPECT_EQ(to_text(250ms), "250.0 ms");
  EXPECT_EQ(to_text(1500ms), "1.5 s");
}

TEST(Messages, ARangeOfLengthsIsToldInOneUnitIfItHasOne) {
  EXPECT_EQ(to_text(331ms, 463ms), "331.0 to 463.0 ms");
  EXPECT_EQ(to_text(331ms, 2s), "331.0 ms to 2.0 s");
  EXPECT_EQ(to_text(20ms, 20ms + 5us), "20.0 ms");
}

[[nodiscard]] std::string here(const SourceLocation& site) {
  return "messages_test.cpp:" + std::to_string(site.line());
}

TEST(Messages, HoldersAreGroupedBySite) {
  const auto main = SourceLocation::current();
  const auto other = SourceLocation::current();
  EXPECT_EQ(list_holders({}, 0), "");
  EXPECT_EQ(list_holders({{main, 20ms}}, 1), " (at " + here(main) + ", 20.0 ms)");
  EXPECT_EQ(list_holders({{main, 463ms}, {main, 400ms}, {main, 331ms}}, 3),
            " (all at " + here(main) + ", 331.0 to 463.0 ms)");
  EXPECT_EQ(list_holders({{main, 463ms}, {other, 400ms}, {main, 331ms}}, 3),
            " (2 at " + here(main) + ", 331.0 to 463.0 ms; 1 at " + here(other) + ", 400.0 ms)");
  EXPECT_EQ(list_holders({{main, 2ms}, {main, 1ms}}, 500),
            " (the 2 out longest: all at " + here(main) + ", 1.0 to 2.0 ms)");
}

TEST(Messages, NoMoreThanSixSitesAreNamed) {
  std::vector<Holder> holders;
  holders.push_back({SourceLocation::current(), 1s});
  holders.push_back({SourceLocation::current(), 1s});
  holders.push_back({SourceLocation::current(), 1s});
  holders.push_back({SourceLocation::current(), 1s});
  holders.push_back({SourceLocation::current(), 1s});
  holders.push_back({SourceLocation::current(), 1s});
  EXPECT_EQ(list_holders(holders, 6).find("more"), std::string::npos);
  holders.push_back({SourceLocation::current(), 1s});
  holders.push_back({SourceLocation::current(), 1s});
  const std::string text = list_holders(holders, 8);
  EXPECT_NE(text.find("; and at 2 lines more)"), std::string::npos) << text;
  EXPECT_EQ(text.find(here(holders.back().site)), std::string::npos) << text;
}

TEST(Messages, TheHoldersThatHaveBeenOutLongestAreKept) {
  OldestHolders holders;
  for (int i = 0; i < 100; ++i) holders.add({SourceLocation::current(), std::chrono::seconds(i * 37 % 100)});
  const auto kept = holders.sorted();
  ASSERT_EQ(kept.size(), 32U);
  for (std::size_t i = 0; i < kept.size(); ++i) EXPECT_EQ(kept[i].age, std::chrono::seconds(99 - i));
}

/// Connects when it is told to; says where it connects to.
struct SlowServer {
  struct Connection {};
  const std::atomic<bool>* open;
  std::function<void()> when_asked = [] {};

  [[nodiscard]] Connection connect(TimePoint deadline) const {
    while (!*open && carpool::ThreadBackend::now() < deadline)
      carpool::ThreadBackend::sleep_until(carpool::ThreadBackend::now() + 1ms);
    return {};
  }
  [[nodiscard]] bool is_connected(const Connection&) const noexcept { return true; }
  [[nodiscard]] std::string describe() const { return when_asked(), "db.example:5432"; }
};

template <class Connector>
using Pool = carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, Connector>;

template <class Connector>
[[nodiscard]] std::string text_of_timeout(Pool<Connector>& pool, carpool::Duration timeout = 20ms) {
  try {
    static_cast<void>(pool.acquire_for(timeout));
    return "no time-out";
  } catch (const carpool::AcquireTimeout& error) {
    return error.what();
  }
}

TEST(Messages, ATimeoutNamesWhatIsBeingConnectedAndForHowLong) {
  std::atomic<bool> open{false};
  Pool<SlowServer>* asked = nullptr;
  {
    Pool<SlowServer> pool({&open, [&] { static_cast<void>(asked->stats()); }}, {.max_size = 2});
    asked = &pool;  // under the pool's lock, stats() would wait for ever
    std::string text;
    for (int i = 0; i < 500 && text.find("connecting to db.example:5432 for ") == std::string::npos; ++i)
      text = text_of_timeout(pool);
    EXPECT_NE(text.find("connecting to db.example:5432 for "), std::string::npos) << text;
    EXPECT_NE(text.find("1 connecting, "), std::string::npos) << text;
    open = true;
  }
}

TEST(Messages, AConnectorWithoutWordsIsNotAsked) {
  struct Silent {
    using Connection = SlowServer::Connection;
    SlowServer server;
    [[nodiscard]] Connection connect(TimePoint deadline) const { return server.connect(deadline); }
    [[nodiscard]] bool is_connected(const Connection&) const noexcept { return true; }
  };
  std::atomic<bool> open{false};
  Pool<Silent> pool({{&open}}, {.max_size = 2});
  std::string text;
  for (int i = 0; i < 500 && text.find("; connecting for ") == std::string::npos; ++i) text = text_of_timeout(pool);
  EXPECT_NE(text.find("; connecting for "), std::string::npos) << text;
  open = true;
}

// Each holder used to stand there with its whole path, and each was copied under the pool's lock.
TEST(Messages, ATimeoutOfALargePoolIsShort) {
  const std::atomic<bool> open{true};
  Pool<SlowServer> pool({&open}, {.max_size = 400});
  std::vector<decltype(pool.acquire())> leases;
  for (int i = 0; i < 400; ++i) leases.push_back(pool.acquire());
  try {
    static_cast<void>(pool.acquire_for(0ns));
    ADD_FAILURE() << "no time-out";
  } catch (const carpool::AcquireTimeout& error) {
    EXPECT_EQ(error.holders().size(), 32U);
    EXPECT_EQ(error.holders_total(), 400U);
    const std::string text = error.what();
    EXPECT_LT(text.size(), 250U) << text;
    EXPECT_NE(text.find("400 of 400 in use (the 32 out longest: all at messages_test.cpp:"), std::string::npos) << text;
  }
}

}  // namespace
