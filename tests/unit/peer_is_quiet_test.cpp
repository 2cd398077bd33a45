/// A peer is quiet while it is there and says nothing.
#include <carpool/peer_is_quiet.hpp>

#include <array>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using carpool::peer_is_quiet;

class PeerIsQuiet : public testing::Test {
 protected:
  PeerIsQuiet() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0); }
  ~PeerIsQuiet() override {
    ::close(ends[0]);
    if (ends[1] >= 0) ::close(ends[1]);
  }
  void say(char byte) const { EXPECT_EQ(::send(ends[1], &byte, 1, 0), 1); }

  std::array<int, 2> ends{};
};

TEST_F(PeerIsQuiet, WhileItIsThereAndSaysNothing) {
  for (int flags : {0, O_NONBLOCK}) {
    ::fcntl(ends[0], F_SETFL, flags);
    EXPECT_TRUE(peer_is_quiet(ends[0])) << "and nobody waits";
  }
}

TEST_F(PeerIsQuiet, NotWithAByteUnreadWhichStaysThere) {
  say('x');
  EXPECT_FALSE(peer_is_quiet(ends[0]));
  EXPECT_FALSE(peer_is_quiet(ends[0]));
  char byte = 0;
  EXPECT_EQ(::recv(ends[0], &byte, 1, MSG_DONTWAIT), 1);
  EXPECT_EQ(byte, 'x');
  EXPECT_TRUE(peer_is_quiet(ends[0]));
}

TEST_F(PeerIsQuiet, NotOnceItHasGoneOrHalfGone) {
  ::shutdown(ends[1], SHUT_WR);
  EXPECT_FALSE(peer_is_quiet(ends[0]));
  ::close(ends[1]);
  ends[1] = -1;
  EXPECT_FALSE(peer_is_quiet(ends[0]));
}

TEST_F(PeerIsQuiet, NotWithLastWords) {
  say('x');
  ::close(ends[1]);
  ends[1] = -1;
  EXPECT_FALSE(peer_is_quiet(ends[0]));
}

TEST_F(PeerIsQuiet, NotWhereThereIsNone) {
  EXPECT_FALSE(peer_is_quiet(-1));
  const int gone = ::dup(ends[0]);
  ::close(gone);
  EXPECT_FALSE(peer_is_quiet(gone));
}

}  // namespace
