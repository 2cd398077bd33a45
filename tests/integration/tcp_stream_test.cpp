/// Whole answers or an error: what is read through a stream is never half of something, whatever the peer does.
#include <carpool/tcp_connector.hpp>

#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <system_error>

#include <gtest/gtest.h>
#include <sys/ioctl.h>

#include "eventually.hpp"
#include "io_backends.hpp"
#include "process.hpp"
#include "stream_fixture.hpp"
#include "thrown.hpp"

namespace {

using std::chrono::milliseconds;

template <class Backend>
class TcpStream : public StreamFixture<Backend> {
 protected:
  static int waiting_bytes(const typename StreamFixture<Backend>::Stream& stream) {
    int bytes = 0;
    ::ioctl(stream.native_handle(), FIONREAD, &bytes);
    return bytes;
  }

  /// The server ends the connection after each number of bytes of its answer but the last.
  void cut_everywhere(bool reset) {
    const std::string answer = "fifteen letters";
    for (std::size_t offset = 0; offset < answer.size(); ++offset) {
      this->server_.reply_with({.answer = answer, .cut_after = offset, .reset = reset});
      auto stream = this->connect();
      stream.write_all("?");
      const auto error =
          thrown_by<std::system_error>([&] { (void)stream.read_exactly(answer.size(), this->soon_enough()); });
      EXPECT_EQ(error.code(), std::errc::connection_reset) << "after " << offset << " bytes: " << error.what();
      EXPECT_FALSE(stream.reusable()) << "after " << offset << " bytes";
      EXPECT_FALSE(stream.is_connected()) << "after " << offset << " bytes";
    }
  }
};
TYPED_TEST_SUITE(TcpStream, IoBackends, BackendName);

TYPED_TEST(TcpStream, AServerThatEndsAtAnyByteOfItsAnswerIsAnErrorAndNoAnswer) { this->cut_everywhere(false); }

TYPED_TEST(TcpStream, AServerThatResetsAtAnyByteOfItsAnswerIsAnErrorAndNoAnswer) { this->cut_everywhere(true); }

TYPED_TEST(TcpStream, AnAnswerThatIsCutHurtsNoOtherConnection) {
  auto bystander = this->connect();
  EXPECT_EQ(this->exchange(bystander, "a"), "a");
  this->server_.reply_with({.answer = "half", .cut_after = 2, .reset = true});
  auto victim = this->connect();
  victim.write_all("?");
  (void)thrown_by<std::system_error>([&] { (void)victim.read_exactly(4); });
  this->server_.reply_with({});
  EXPECT_TRUE(bystander.is_connected() && bystander.reusable());
  EXPECT_EQ(this->exchange(bystander, "b"), "b");
}

TYPED_TEST(TcpStream, TheErrorSaysWhereTheAnswerEndedAndWhoseItWas) {
  this->server_.reply_with({.answer = "abcdef", .cut_after = 4});
  auto stream = this->connect();
  stream.write_all("?");
  const auto error = thrown_by<std::system_error>([&] { (void)stream.read_exactly(6); });
  const std::string expected =
      "read from 127.0.0.1:" + std::to_string(this->server_.port()) + ": the peer ended the stream after 4 of 6 bytes";
  EXPECT_EQ(std::string(error.what()).substr(0, expected.size()), expected);
}

TYPED_TEST(TcpStream, AnAnswerInSinglePacketsPerByteIsTheSameAnswer) {
  this->server_.reply_with({.byte_by_byte = true});
  auto stream = this->connect();
  const std::string line(500, 'x');
  EXPECT_EQ(this->exchange(stream, line), line);
  EXPECT_TRUE(stream.reusable());
}

TYPED_TEST(TcpStream, SeveralAnswersInOnePacketAreReadOneByOne) {
  this->server_.reply_with({.answer = "one\r\ntwo\r\n3456"});
  auto stream = this->connect();
  stream.write_all("?");
  EXPECT_EQ(stream.read_until("\r\n"), "one");
  EXPECT_EQ(stream.read_until("\r\n"), "two");
  EXPECT_EQ(stream.read_exactly(2), "34");
  EXPECT_FALSE(stream.reusable()) << "two bytes are still unread";
  std::array<std::byte, 10> rest;
  EXPECT_EQ(stream.read_some(rest), 2U);
  EXPECT_TRUE(stream.reusable());
}

TYPED_TEST(TcpStream, ADelimiterTornApartByTwoPacketsIsFound) {
  this->server_.reply_with({.answer = "a\rb\r\r\nrest", .byte_by_byte = true});
  auto stream = this->connect();
  stream.write_all("?");
  EXPECT_EQ(stream.read_until("\r\n"), "a\rb\r");
  EXPECT_EQ(stream.read_exactly(4), "rest");
}

TYPED_TEST(TcpStream, ManyMegabytesGoThereAndBack) {
  auto stream = this->connect();
  std::string sent(100'000, '\0');
  for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<char>(i * 7 + i / 251);
  for (int round = 0; round < 50; ++round) {
    stream.write_all(sent);
    ASSERT_EQ(stream.read_exactly(sent.size()), sent);
  }
  EXPECT_TRUE(stream.reusable());
}

TYPED_TEST(TcpStream, ALineWithoutEndIsAnErrorAndNotAllTheMemory) {
  this->server_.reply_with({.answer = std::string(10'000, 'x')});
  auto stream = this->connect();
  stream.write_all("?");
  const auto error = thrown_by<std::system_error>([&] { (void)stream.read_until("\n", 1000); });
  EXPECT_EQ(error.code(), std::errc::message_size);
  EXPECT_FALSE(stream.reusable());
}

TYPED_TEST(TcpStream, ALineThatJustFitsIsRead) {
  auto stream = this->connect();
  stream.write_all("12345\n");
  EXPECT_EQ(stream.read_until("\n", 6), "12345");
  stream.write_all("12345\n");
  (void)thrown_by<std::system_error>([&] { (void)stream.read_until("\n", 5); });
}

TYPED_TEST(TcpStream, ALineThatIsInTheBufferAlreadyMustFitToo) {
  this->server_.reply_with({.answer = "a\n12345\n"});
  auto stream = this->connect();
  stream.write_all("?");
  EXPECT_EQ(stream.read_until("\n"), "a");
  EXPECT_EQ(thrown_by<std::system_error>([&] { (void)stream.read_until("\n", 5); }).code(), std::errc::message_size);
}

TYPED_TEST(TcpStream, BytesThatAreThereDoNotProlongTheDeadline) {
  this->server_.reply_with({.answer = std::string(50'000, 'x')});
  const auto late = [this](auto read) {
    auto stream = this->connect();
    stream.write_all("?");
    EXPECT_TRUE(eventually<TypeParam>([&] { return this->waiting_bytes(stream) == 50'000; }));
    EXPECT_EQ(thrown_by<std::system_error>([&] { read(stream, TypeParam::now()); }).code(), std::errc::timed_out);
    EXPECT_FALSE(stream.reusable());
    return this->waiting_bytes(stream);
  };
  const auto read_until = [](auto& stream, auto deadline) { (void)stream.read_until("\n", 1 << 20, deadline); };
  EXPECT_GT(late(read_until), 0) << "it did not read to the end first";
  late([](auto& stream, auto deadline) { (void)stream.read_exactly(50'001, deadline); });
}

TYPED_TEST(TcpStream, AnEmptyDelimiterIsRefused) {
  auto stream = this->connect();
  EXPECT_THROW((void)stream.read_until(""), std::invalid_argument);
}

TYPED_TEST(TcpStream, AnAnswerThatIsTooLateIsATimeoutAndIsNeverDelivered) {
  this->server_.reply_with({.delay = milliseconds(500)});
  auto stream = this->connect();
  stream.write_all("late\n");
  const carpool::TimePoint deadline = this->in(milliseconds(20));
  const auto error = thrown_by<std::system_error>([&] { (void)stream.read_until("\n", 100, deadline); });
  EXPECT_GE(TypeParam::now(), deadline);
  EXPECT_LT(TypeParam::now(), deadline + milliseconds(400));
  EXPECT_EQ(error.code(), std::errc::timed_out);
  EXPECT_FALSE(stream.reusable()) << "the answer is on its way, and would be taken for the next one";
  EXPECT_TRUE(eventually<TypeParam>([&] { return !stream.is_connected(); })) << "and here it is";
}

TYPED_TEST(TcpStream, OnceInDoubtItStaysSoWhateverGoesWellAfterwards) {
  this->server_.reply_with({.silent = true});
  auto stream = this->connect();
  stream.write_all("first\n");
  EXPECT_EQ(
      thrown_by<std::system_error>([&] { (void)stream.read_until("\n", 100, this->in(milliseconds(20))); }).code(),
      std::errc::timed_out);
  stream.write_all("second\n", this->soon_enough());
  EXPECT_FALSE(stream.reusable());
  this->server_.send_all("late\n");
  EXPECT_EQ(stream.read_until("\n", 100, this->soon_enough()), "late") << "which is the answer to the first";
  EXPECT_FALSE(stream.reusable()) << "the answer to the second would be taken for the next user's";
}

TYPED_TEST(TcpStream, AnAnswerThatDripsIsBoundedByTheOneDeadline) {
  this->server_.reply_with({.answer = std::string(1000, 'x'), .pause = milliseconds(5), .byte_by_byte = true});
  auto stream = this->connect();
  stream.write_all("?");
  const carpool::TimePoint deadline = this->in(milliseconds(100));
  const auto error = thrown_by<std::system_error>([&] { (void)stream.read_exactly(1000, deadline); });
  EXPECT_EQ(error.code(), std::errc::timed_out);
  EXPECT_GE(TypeParam::now(), deadline);
  EXPECT_LT(TypeParam::now(), deadline + std::chrono::seconds(1));
}

TYPED_TEST(TcpStream, WithoutADeadlineOfItsOwnAnOperationKeepsToTheIoTimeout) {
  this->server_.reply_with({.silent = true});
  auto impatient = this->connector();
  impatient.io_timeout = milliseconds(30);
  auto stream = impatient.template connect<TypeParam>(this->soon_enough());
  stream.write_all("?");
  const carpool::TimePoint start = TypeParam::now();
  EXPECT_EQ(thrown_by<std::system_error>([&] { (void)stream.read_exactly(1); }).code(), std::errc::timed_out);
  EXPECT_GE(TypeParam::now(), start + milliseconds(30));
  EXPECT_LT(TypeParam::now(), start + std::chrono::seconds(2));
}

TYPED_TEST(TcpStream, ARequestWithoutItsAnswerIsNotReusableUnlessTheProtocolIsOneWay) {
  this->server_.reply_with({.silent = true});
  auto asking = this->connect();
  asking.write_all("?");
  EXPECT_FALSE(asking.reusable());
  auto teller = this->connector();
  teller.one_way = true;
  auto telling = teller.template connect<TypeParam>(this->soon_enough());
  telling.write_all("news");
  EXPECT_TRUE(telling.reusable());
}

TYPED_TEST(TcpStream, NothingWrittenIsNoRequest) {
  auto stream = this->connect();
  stream.write_all("");
  EXPECT_TRUE(stream.reusable()) << "nobody will answer it";
  EXPECT_EQ(this->exchange(stream, "hello"), "hello");
}

TYPED_TEST(TcpStream, TheEndOfTheStreamIsSaidOnceAndTheConnectionIsNotReusable) {
  auto stream = this->connect();
  this->server_.close_all();
  std::array<std::byte, 10> into;
  EXPECT_EQ(stream.read_some(into), 0U);
  EXPECT_FALSE(stream.reusable());
}

TYPED_TEST(TcpStream, ASignalAThousandTimesASecondChangesNoResult) {
  auto stream = this->connect();
  const std::string line(20'000, 'x');
  const AlarmStorm storm;
  const int before = AlarmStorm::alarms();
  while (AlarmStorm::alarms() < before + 100) {
    ASSERT_EQ(this->exchange(stream, line), line);
    auto another = this->connect();
    ASSERT_EQ(this->exchange(another, "a"), "a");
    ASSERT_TRUE(stream.is_connected() && stream.reusable());
  }
  this->server_.reply_with({.silent = true});
  stream.write_all("?");
  const carpool::TimePoint deadline = this->in(milliseconds(50));
  EXPECT_EQ(thrown_by<std::system_error>([&] { (void)stream.read_exactly(1, deadline); }).code(), std::errc::timed_out);
  EXPECT_GE(TypeParam::now(), deadline) << "an interruption is no timeout";
}

TYPED_TEST(TcpStream, WritingToAPeerThatHasResetIsAnErrorAndNoSignal) {
  this->server_.reply_with({.cut_after = 0, .reset = true});
  const auto child = [this] {
    std::signal(SIGPIPE, SIG_DFL);
    auto stream = this->connect();  // in the child: it would inherit the server's end too, and keep it open
    stream.write_all("?");
    if (!eventually<TypeParam>([&] { return !stream.is_connected(); })) return 2;
    int errors = 0;
    for (int i = 0; i < 3; ++i) {
      try {
        stream.write_all("!");
      } catch (const std::system_error&) {
        ++errors;
      }
    }
    return errors == 3 ? 0 : 1;
  };
  EXPECT_EQ(run_in_forked_child(child), 0);
}

}  // namespace
