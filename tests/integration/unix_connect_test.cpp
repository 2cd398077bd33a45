/// Connecting to Unix sockets: paths and abstract names, a full backlog, and errors that name the path.
#include <carpool/unix_connector.hpp>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "eventually.hpp"
#include "io_backends.hpp"
#include "stream_fixture.hpp"
#include "thrown.hpp"

namespace {

using carpool::SocketAddress;
using std::chrono::milliseconds;

/// A folder of its own for as long as it lives.
class TemporaryFolder {
 public:
  TemporaryFolder() : path_(std::filesystem::temp_directory_path() / "carpool_XXXXXX") {
    std::string name = path_.string();
    if (::mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::system_category(), "mkdtemp " + name);
    path_ = name;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }

  [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

template <class Backend>
class UnixConnect : public StreamFixture<Backend> {
 protected:
  using Stream = typename StreamFixture<Backend>::Stream;

  static Stream connect_to(const std::string& path, carpool::TimePoint deadline) {
    return carpool::UnixConnector{.path = path}.template connect<Backend>(deadline);
  }

  TemporaryFolder folder_;
  const std::string path_ = folder_.file("server.sock");
  const std::string name_ = "@carpool_unix_connect_" + std::to_string(::getpid());
};
TYPED_TEST_SUITE(UnixConnect, IoBackends, BackendName);

TYPED_TEST(UnixConnect, AFileAndAnAbstractNameBothLeadToTheirServer) {
  LoopbackServer at_path(SocketAddress::unix_path(this->path_));
  LoopbackServer at_name(SocketAddress::unix_path(this->name_));
  auto by_path = this->connect_to(this->path_, this->soon_enough());
  auto by_name = this->connect_to(this->name_, this->soon_enough());
  EXPECT_EQ(this->exchange(by_path, "a"), "a");
  EXPECT_EQ(this->exchange(by_name, "b"), "b");
  EXPECT_EQ(by_path.peer(), "unix:" + this->path_);
  EXPECT_EQ(by_name.peer(), "unix:" + this->name_);
}

TYPED_TEST(UnixConnect, WithoutAServerTheErrorNamesThePath) {
  const auto error = thrown_by<std::system_error>([&] { (void)this->connect_to(this->path_, this->soon_enough()); });
  EXPECT_EQ(std::string(error.what()), "connect to unix:" + this->path_ + ": No such file or directory");
}

TYPED_TEST(UnixConnect, AFullBacklogIsTriedAgainUntilTheDeadline) {
  LoopbackServer server(SocketAddress::unix_path(this->name_));
  server.be_deaf();
  const auto in_backlog = this->connect_to(this->name_, this->soon_enough());
  const carpool::TimePoint deadline = this->in(milliseconds(100));
  const auto error = thrown_by<std::system_error>([&] { (void)this->connect_to(this->name_, deadline); });
  EXPECT_EQ(error.code(), std::errc::timed_out);
  EXPECT_GE(TypeParam::now(), deadline);
  EXPECT_LT(TypeParam::now(), deadline + std::chrono::seconds(1));
}

TYPED_TEST(UnixConnect, AFullBacklogThatEmptiesLetsTheWaitingConnectIn) {
  LoopbackServer server(SocketAddress::unix_path(this->name_));
  server.be_deaf();
  auto in_backlog = this->connect_to(this->name_, this->soon_enough());
  std::thread later([&] {
    std::this_thread::sleep_for(milliseconds(50));
    server.hear_again();
  });
  auto stream = this->connect_to(this->name_, this->soon_enough());
  later.join();
  EXPECT_EQ(this->exchange(stream, "a"), "a");
  EXPECT_EQ(this->exchange(in_backlog, "b"), "b");
}

TYPED_TEST(UnixConnect, ThePeersEndIsNoticedWhileIdle) {
  LoopbackServer server(SocketAddress::unix_path(this->name_));
  auto stream = this->connect_to(this->name_, this->soon_enough());
  EXPECT_EQ(this->exchange(stream, "a"), "a");
  EXPECT_TRUE(stream.is_connected());
  server.close_all();
  EXPECT_TRUE(eventually<TypeParam>([&] { return !stream.is_connected(); }));
}

TYPED_TEST(UnixConnect, BadOptionsAreRefusedByName) {
  const auto refused = [&](const carpool::UnixConnector& connector) {
    try {
      (void)connector.connect<TypeParam>(this->soon_enough());
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string("nothing was thrown");
  };
  EXPECT_EQ(refused({.path = ""}), "UnixConnector: path must not be empty");
  EXPECT_EQ(refused({.path = this->path_, .io_timeout = carpool::Duration(0)}),
            "UnixConnector: io_timeout must be longer than 0");
  const std::string long_path(108, 'x');
  EXPECT_EQ(refused({.path = long_path}),
            "the Unix socket's path '" + long_path + "' must be at most 107 bytes long, not 108");
}

}  // namespace
