// sanitizers: not thread
/// fork(2): the child touches nothing of its parent's, says nothing on inherited sockets, and opens its own (law 13).
#include <carpool/connection_pool.hpp>
#include <carpool/fake_connector.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/tcp_connector.hpp>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "behaviour.hpp"
#include "eventually.hpp"
#include "io_backends.hpp"
#include "loopback_server.hpp"
#include "process.hpp"

namespace {

/// In a child LeakSanitizer would take for lost what only the parent's other threads refer to.
bool in_child = false;

}  // namespace

// The name is LeakSanitizer's.
extern "C" int __lsan_is_turned_off() { return in_child ? 1 : 0; }  // NOLINT(bugprone-reserved-identifier)

namespace {

using namespace std::chrono_literals;
using carpool::LifoStack;
using carpool::NeverEvict;

/// Takes leave aloud, so that the server hears of each connection that is closed as if nothing had happened.
struct Polite : carpool::TcpConnector {
  template <class Backend>
  void invalidate(carpool::StreamConnection<Backend>& connection, carpool::TimePoint deadline) const {
    connection.write_all("QUIT\n", deadline);
  }
};

/// Runs work in a child that is ended if it hangs; true where it says true.
template <class Work>
[[nodiscard]] bool child_agrees(Work work) {
  return run_in_forked_child([&] {
           in_child = true;
           ::alarm(30);
           return work() ? 0 : 1;
         }) == 0;
}

/// One pool with a lease and two idle connections, all of them known to the server.
template <class Backend>
class Fork : public testing::Test {
 protected:
  using Pool = carpool::ConnectionPool<Backend, LifoStack, Polite, NeverEvict>;
  using Lease = typename Pool::Lease;

  Fork() {
    {
      Lease one = pool->acquire(), two = pool->acquire();
      *lease = pool->acquire();
      EXPECT_TRUE(answers(one) && answers(two) && answers(*lease));
    }
    heard = server.bytes_received();
  }

  static bool answers(Lease& lease) {
    try {
      lease->write_all("hello\n", Backend::now() + 10s);
      return lease->read_until("\n", 100, Backend::now() + 10s) == "hello";
    } catch (const std::system_error&) {
      return false;
    }
  }
  bool pool_answers() {
    try {
      Lease mine = pool->acquire_for(10s);
      return answers(mine);
    } catch (const carpool::PoolError&) {
      return false;
    }
  }

  /// The parent's three connections are as they were, and the server has heard this, and nothing else, from others.
  void expect_untouched(const std::string& said_by_children = "") {
    EXPECT_TRUE(eventually<Backend>([&] { return server.open() == 3; }));
    const std::size_t accepted = server.accepted();
    EXPECT_TRUE(answers(*lease));
    Lease one = pool->acquire(), two = pool->acquire();
    EXPECT_TRUE(answers(one) && answers(two));
    EXPECT_EQ(server.accepted(), accepted);
    EXPECT_EQ(server.bytes_received(), heard + said_by_children.size() + 3 * std::string("hello\n").size());
  }

  LoopbackServer server;
  std::unique_ptr<Pool> pool =
      std::make_unique<Pool>(Polite{{.host = "127.0.0.1", .port = server.port()}}, carpool::PoolOptions{.max_size = 4});
  std::unique_ptr<Lease> lease = std::make_unique<Lease>();
  std::size_t heard = 0;
};
TYPED_TEST_SUITE(Fork, IoBackends, BackendName);

TYPED_TEST(Fork, TheChildsFirstAcquireOpensItsOwn) {
  EXPECT_TRUE(child_agrees([&] { return this->pool_answers() && this->pool_answers(); }));
  EXPECT_EQ(this->server.accepted(), 4u);
  this->expect_untouched("hello\nhello\n");
}

TYPED_TEST(Fork, TheChildsStateBeginsEmpty) {
  EXPECT_TRUE(child_agrees([&] {
    const carpool::PoolStats fresh = this->pool->stats();
    return fresh.size() == 0 && fresh.max_size == 4 && this->pool->clear() == 0 && this->pool->reap() == 0;
  }));
  this->expect_untouched();
}

TYPED_TEST(Fork, AChildThatLeavesAtOnceSaysNothing) {
  EXPECT_TRUE(child_agrees([] { return true; }));
  this->expect_untouched();
}

TYPED_TEST(Fork, AChildThatEndsLikeAnyProgramSaysNothing) {
  EXPECT_TRUE(child_agrees([&] {
    static std::unique_ptr<typename TestFixture::Pool> until_the_end;
    until_the_end = std::move(this->pool);
    until_the_end->acquire().release();
    std::exit(0);
    return false;
  }));
  this->expect_untouched("QUIT\n");
}

TYPED_TEST(Fork, ALeaseThatEndsInTheChildSaysNothing) {
  EXPECT_TRUE(child_agrees([&] { return this->lease.reset(), this->pool_answers(); }));
  EXPECT_TRUE(child_agrees([&] { return this->lease->release(), true; }));
  EXPECT_TRUE(child_agrees([&] { return this->lease->discard(), true; }));
  EXPECT_TRUE(child_agrees([&] { return (void)this->lease->detach(), true; }));
  this->expect_untouched("hello\n");
}

TYPED_TEST(Fork, ThePoolsEndInTheChildSaysNothing) {
  EXPECT_TRUE(child_agrees([&] { return this->pool.reset(), true; }));
  EXPECT_TRUE(child_agrees([&] { return this->pool.reset(), this->lease.reset(), true; }));
  EXPECT_TRUE(child_agrees([&] { return this->lease.reset(), this->pool.reset(), true; }));
  this->expect_untouched();
}

TYPED_TEST(Fork, ThePoolsEndInTheChildClosesWhatTheChildOpened) {
  EXPECT_TRUE(child_agrees([&] {
    const bool own_works = this->pool_answers();
    this->pool.reset();
    return own_works;
  }));
  this->expect_untouched("hello\nQUIT\n");
}

TYPED_TEST(Fork, ToCloseRetireOrDrainThePoolInTheChildLeavesTheParentsAlone) {
  EXPECT_TRUE(child_agrees([&] { return this->pool->close(), true; }));
  EXPECT_TRUE(child_agrees([&] { return this->pool->retire_all(), this->pool_answers(); }));
  EXPECT_TRUE(child_agrees([&] { return this->pool->drain(1s) == 0; }));
  this->expect_untouched("hello\n");
}

TYPED_TEST(Fork, NothingIsInheritedThroughExec) {
  std::string test = "true";
  for (const int descriptor : {(*this->lease)->native_handle(), this->pool->acquire()->native_handle()}) {
    test += " && test ! -e /proc/$$/fd/" + std::to_string(descriptor);
  }
  EXPECT_TRUE(child_agrees([&] { return ::execl("/bin/sh", "sh", "-c", test.c_str(), nullptr) == 0; })) << test;
  this->expect_untouched();
}

TYPED_TEST(Fork, AChildsChildOpensItsOwnToo) {
  EXPECT_TRUE(child_agrees([&] {
    const bool own_works = this->pool_answers();
    const bool grandchilds_works = child_agrees([&] { return this->pool_answers() && this->pool_answers(); });
    return own_works && grandchilds_works && this->pool_answers();
  }));
  EXPECT_EQ(this->server.accepted(), 5u);
  this->expect_untouched("hello\nhello\nhello\nhello\n");
}

TYPED_TEST(Fork, AChildsDescriptorsDoNotPileUp) {
  EXPECT_TRUE(child_agrees([&] {
    this->lease.reset();
    this->pool_answers();  // closes the idle ones, opens one; the backend may open some of its own
    const std::size_t before = open_descriptors();
    for (int i = 0; i < 20; ++i) this->pool_answers();
    return open_descriptors() == before;
  }));
  this->expect_untouched(std::string(6 * 21, 'x'));
}

TYPED_TEST(Fork, TheChildDoesNotKeepOpenWhatOtherThreadsHadInUse) {
  if (!TypeParam::concurrent) GTEST_SKIP() << "its pool belongs to one thread";
  typename TestFixture::Lease theirs;
  std::thread([&] { theirs = this->pool->acquire(); }).join();
  EXPECT_TRUE(this->answers(theirs));
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    in_child = true;
    ::alarm(30);
    ::close(ends[1]);
    this->lease.reset();
    const bool own_works = this->pool_answers();
    char word = 0;
    ::_exit(own_works && ::read(ends[0], &word, 1) == 0 ? 0 : 1);  // lives until its parent has seen what it wants
  }
  EXPECT_TRUE(this->answers(theirs)) << "the parent's connection is as it was";
  theirs.discard(), this->lease->discard(), this->pool->clear();
  EXPECT_TRUE(eventually<TypeParam>([&] { return this->server.open() <= 1; })) << "the child's own is open";
  ::close(ends[1]), ::close(ends[0]);
  int status = -1;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

/// Writes to a pipe when it ends; has no abandon(), so the pool cannot know how to close it without a word.
struct Loud {
  struct Connection {
    int pipe = -1;
    explicit Connection(int p) : pipe(p) {}
    Connection(Connection&& other) noexcept : pipe(std::exchange(other.pipe, -1)) {}
    Connection& operator=(Connection&& other) noexcept { return std::swap(pipe, other.pipe), *this; }
    ~Connection() {
      if (pipe >= 0 && ::write(pipe, "!", 1) < 0) std::abort();
    }
  };
  int pipe;
  Connection connect(carpool::TimePoint) const { return Connection(pipe); }
  bool is_connected(const Connection&) const noexcept { return true; }
};

TYPED_TEST(Fork, AConnectionThatCannotBeClosedInSilenceIsLeftAlone) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
  {
    auto loud_pool = std::make_unique<carpool::ConnectionPool<TypeParam, LifoStack, Loud>>(Loud{ends[1]});
    auto lent = loud_pool->acquire();
    {
      const auto idle = loud_pool->acquire();
    }
    EXPECT_TRUE(child_agrees([&] { return lent.release(), loud_pool.reset(), true; }));
    char words[8];
    EXPECT_LT(::read(ends[0], words, sizeof words), 0) << "the child spoke";
  }
  ::close(ends[0]), ::close(ends[1]);
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CARPOOL_TEST_UNDER_ADDRESS_SANITIZER
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(CARPOOL_TEST_UNDER_ADDRESS_SANITIZER)
constexpr bool allocator_survives_fork = false;  // AddressSanitizer's own may be locked for ever in the child
#else
constexpr bool allocator_survives_fork = true;
#endif

TYPED_TEST(Fork, AForkInTheMidstOfAcquireAndReleaseLeavesTheChildAbleToAcquire) {
  if (!allocator_survives_fork) GTEST_SKIP() << "under AddressSanitizer a fork among busy threads may hang in malloc";
  if (!TypeParam::concurrent) GTEST_SKIP() << "one thread cannot fork while it acquires";
  std::atomic<bool> over = false;
  std::vector<std::thread> load;
  for (int i = 0; i < 4; ++i)
    load.emplace_back([&] {
      while (!over) EXPECT_TRUE(this->pool_answers());
    });
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(child_agrees([&] { return this->pool_answers(); })) << i;
  over = true;
  for (auto& thread : load) thread.join();
  EXPECT_TRUE(this->answers(*this->lease));
}

}  // namespace
