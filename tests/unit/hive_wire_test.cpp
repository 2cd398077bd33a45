// needs: hive_connector
/// What goes over the wire is what other clients and servers of Hive were recorded to say, byte for byte.
#include <carpool/hive_connector.hpp>
#include <carpool/thread_backend.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <thrift/transport/TBufferTransports.h>

#include "hive_golden.hpp"

namespace {

using namespace hive_golden;
using carpool::HiveAuth;
using carpool::HiveConnector;
using carpool::HiveProtocol;
using carpool::HiveRows;
using carpool::HiveType;
using carpool::ThreadBackend;
using Session = carpool::detail::HiveSession<ThreadBackend>;

carpool::TimePoint soon_enough() { return ThreadBackend::now() + std::chrono::seconds(10); }

void expect_played(Player& player, const std::vector<Player::Exchange>& expected) {
  const std::vector<std::string>& heard = player.heard();
  ASSERT_EQ(heard.size(), expected.size());
  for (std::size_t i = 0; i < heard.size(); ++i) EXPECT_EQ(to_hex(heard[i]), to_hex(expected[i].first)) << "call " << i;
}

/// A session on its channel, below the connector: so that the calls are just those of the recording.
Session channel_to(std::uint16_t port, const carpool::detail::HiveSettings& settings, bool framed) {
  using Channel = carpool::detail::HiveChannel<ThreadBackend>;
  const carpool::TcpConnector tcp{.host = "127.0.0.1", .port = port};
  Channel::Stream stream(carpool::OptionalTlsSocket<ThreadBackend>(tcp.dial<ThreadBackend>(soon_enough())),
                         {.one_way = true});
  if (framed) carpool::negotiate_sasl_plain(stream, settings.user, settings.password, soon_enough());
  const auto framing = framed ? carpool::ThriftFraming::framed : carpool::ThriftFraming::buffered;
  return Session(Channel(std::move(stream), framing, {}, std::chrono::seconds(10)), settings);
}

TEST(HiveWireTest, TheRecordedConversationWithoutSaslIsHeldByteForByte) {
  const std::vector<Player::Exchange> exchanges = {
      {numbered(open_v1, 1), numbered(opened, 1)},
      {numbered(schemas, 2), numbered(schemas_begun, 2)},
      {numbered(fetch, 3), numbered(fetched_rows, 3)},
      {numbered(fetch, 4), numbered(fetched_none, 4)},
      {numbered(close_operation, 5), numbered(operation_closed, 5)},
      {numbered(close_session, 6), numbered(session_closed, 6)},
  };
  Player player(exchanges);
  {
    Session session = channel_to(player.port(), {.protocol = HiveProtocol::v1}, false);
    session.open(soon_enough());
    const carpool::HiveOperation operation = session.schemas("", soon_enough());
    const HiveRows rows = session.fetch(operation, soon_enough());
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows.get<std::string>(0, 0), "default");
    EXPECT_EQ(rows.get<std::string>(0, 1), "");
    EXPECT_EQ(rows.get<std::string>(1, 0), "web");
    EXPECT_EQ(rows.get<std::optional<std::string>>(1, 1), std::nullopt);
    EXPECT_TRUE(session.fetch(operation, soon_enough()).empty());
    session.close(operation, soon_enough());
    session.close(soon_enough());
    EXPECT_TRUE(session.channel().settled());
  }
  expect_played(player, exchanges);
}

/// A recorded message in the frame that it is in where there is SASL.
std::string in_frame(std::string_view digits, std::uint8_t sequence) {
  const std::string message = numbered(digits, sequence);
  const auto size = static_cast<char>(message.size());  // each of them is shorter than a byte can say
  return std::string("\0\0\0", 3) + size + message;
}

TEST(HiveWireTest, TheRecordedConversationWithPlainIsHeldByteForByte) {
  const std::vector<Player::Exchange> exchanges = {
      {from_hex(plain_handshake), from_hex(plain_accepted)},
      {framed(open_plain, 1), in_frame(opened, 1)},
      {framed(execute, 2), framed(executed, 2)},
  };
  Player player(exchanges);
  {
    Session session = channel_to(player.port(), {.user = "hive", .password = "x", .protocol = HiveProtocol::v1}, true);
    session.open(soon_enough());
    const carpool::HiveOperation operation = session.execute("select k,v from t", soon_enough());
    EXPECT_TRUE(operation.has_results());
    EXPECT_TRUE(session.channel().settled());
  }
  expect_played(player, exchanges);
}

TEST(HiveWireTest, TheConnectorOpensASessionAndAsksForLifeAsRecorded) {
  const std::string fine = from_hex("8001000200000007476574496e666f000000020c00000c000108000100000000000000");
  const std::vector<Player::Exchange> exchanges = {{from_hex(open_v6), numbered(opened, 1)},
                                                   {from_hex(get_info), fine}};
  Player player(exchanges);
  const HiveConnector connector{.host = "127.0.0.1",
                                .port = player.port(),
                                .user = "hive",
                                .database = "web",
                                .auth = HiveAuth::no_sasl,
                                .protocol = HiveProtocol::v6};
  {
    auto connection = connector.connect<ThreadBackend>(soon_enough());
    EXPECT_TRUE(connector.ping(connection, soon_enough()));
    EXPECT_EQ(connection.protocol_version(), 0);
  }
  expect_played(player, exchanges);
}

/// A recorded answer, read as one to the method and sequence.
template <class OnField>
carpool::detail::HiveStatus read(const std::string& bytes, const char* method, std::int32_t sequence,
                                 OnField on_field) {
  using apache::thrift::transport::TMemoryBuffer;
  std::string copy = bytes;
  const auto memory = std::make_shared<TMemoryBuffer>(reinterpret_cast<std::uint8_t*>(copy.data()),
                                                      static_cast<std::uint32_t>(copy.size()));
  const auto in =
      carpool::detail::make_thrift_protocol(memory, carpool::ThriftEncoding::binary, {.max_message_bytes = 4096});
  const auto field = [&](std::int16_t id, carpool::detail::ThriftType type) { return on_field(*in, id, type); };
  auto status = carpool::detail::read_hive_answer(*in, method, sequence, field);
  EXPECT_EQ(memory->available_read(), 0U);
  return status;
}

TEST(HiveWireTest, ARecordedBatchByColumnIsRead) {
  HiveRows rows;
  const auto status = read(from_hex(fetched_columns), "FetchResults", 1, [&](auto& in, std::int16_t id, auto type) {
    return id == 3 && carpool::HiveWire::take(in, type, rows);
  });
  EXPECT_TRUE(status.good());
  ASSERT_EQ(rows.size(), 3U);
  ASSERT_EQ(rows.columns(), 3U);
  EXPECT_EQ(rows.get<std::string>(0, 0), "default");
  EXPECT_EQ(rows.get<std::string>(2, 0), "web");
  EXPECT_EQ(rows.get<std::string>(0, 1), "");
  EXPECT_EQ(rows.get<std::optional<std::string>>(1, 1), std::nullopt);
  EXPECT_EQ(rows.get<std::string>(2, 1), "");
  EXPECT_EQ(rows.get<std::int32_t>(0, 2), 1);
  EXPECT_EQ(rows.get<std::optional<std::int64_t>>(1, 2), std::nullopt);
  EXPECT_EQ(rows.get<std::int64_t>(2, 2), 3);
}

TEST(HiveWireTest, ARecordedBatchByRowOfTwoTypesIsRead) {
  HiveRows rows;
  const std::string bytes = from_hex(fetched_pairs.substr(8));
  const auto status = read(bytes, "FetchResults", 0, [&](auto& in, std::int16_t id, auto type) {
    return id == 3 && carpool::HiveWire::take(in, type, rows);
  });
  EXPECT_TRUE(status.good());
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows.get<std::string>(0, 0), "a");
  EXPECT_EQ(rows.get<std::int32_t>(0, 1), 1);
  EXPECT_EQ(rows.get<std::string>(1, 0), "b");
  EXPECT_TRUE(rows.is_null(1, 1));
}

TEST(HiveWireTest, RecordedMetadataIsRead) {
  std::vector<carpool::HiveColumn> columns;
  const std::string bytes = from_hex(described.substr(8));
  const auto status = read(bytes, "GetResultSetMetadata", 0, [&](auto& in, std::int16_t id, auto type) {
    return id == 2 && carpool::HiveWire::take(in, type, columns);
  });
  EXPECT_TRUE(status.good());
  ASSERT_EQ(columns.size(), 2U);
  EXPECT_EQ(columns[0].name, "k");
  EXPECT_EQ(columns[0].type, HiveType::string);
  EXPECT_EQ(columns[1].name, "v");
  EXPECT_EQ(columns[1].type, HiveType::int_);
  EXPECT_EQ(columns[1].comment, "c");
}

TEST(HiveWireTest, ARecordedUnknownMethodIsTheServersException) {
  using apache::thrift::TApplicationException;
  const auto nothing = [](auto&, std::int16_t, auto) { return false; };
  try {
    (void)read(from_hex(unknown_method), "GetLog", 7, nothing);
    FAIL() << "nothing was thrown";
  } catch (const TApplicationException& refusal) {
    EXPECT_EQ(refusal.getType(), TApplicationException::UNKNOWN_METHOD);
    EXPECT_STREQ(refusal.what(), "Invalid method name: 'GetLog'");
  }
}

TEST(HiveWireTest, AnAnswerToAnotherCallIsNoAnswer) {
  const auto nothing = [](auto&, std::int16_t, auto) { return false; };
  EXPECT_THROW((void)read(from_hex(opened), "OpenSession", 1, nothing), apache::thrift::TApplicationException);
  EXPECT_THROW((void)read(from_hex(opened), "CloseSession", 0, nothing), apache::thrift::TApplicationException);
}

/// Whatever it is: an exception, or rows that can be looked at.
void read_anything(std::string bytes, std::int32_t sequence) {
  HiveRows rows;
  try {
    const auto memory = std::make_shared<apache::thrift::transport::TMemoryBuffer>(
        reinterpret_cast<std::uint8_t*>(bytes.data()), static_cast<std::uint32_t>(bytes.size()));
    const auto in =
        carpool::detail::make_thrift_protocol(memory, carpool::ThriftEncoding::binary, {.max_message_bytes = 4096});
    const auto field = [&](std::int16_t id, auto type) { return id == 3 && carpool::HiveWire::take(*in, type, rows); };
    (void)carpool::detail::read_hive_answer(*in, "FetchResults", sequence, field);
  } catch (const std::exception&) {
    return;
  }
  for (std::size_t cell = 0; cell < rows.size() * rows.columns(); ++cell) {
    (void)rows.value(cell / rows.columns(), cell % rows.columns());
  }
}

TEST(HiveWireTest, AnyByteOfAnAnswerMayBeMissing) {
  const std::string by_column = from_hex(fetched_columns);
  for (std::size_t i = 0; i < by_column.size(); ++i) {
    const auto nothing = [](auto&, std::int16_t, auto) { return false; };
    EXPECT_ANY_THROW((void)read(by_column.substr(0, i), "FetchResults", 1, nothing)) << i;
    read_anything(by_column.substr(0, i), 1);
  }
}

TEST(HiveWireTest, AnyByteOfAnAnswerMayBeWrong) {
  for (const auto& [recording, sequence] : {std::pair{fetched_columns, 1}, {fetched_rows, 0}}) {
    const std::string whole = from_hex(recording);
    for (std::size_t i = 0; i < 255 * whole.size(); ++i) {
      std::string bytes = whole;
      bytes[i / 255] = static_cast<char>(static_cast<unsigned char>(bytes[i / 255]) ^ (i % 255 + 1));
      read_anything(bytes, sequence);
    }
  }
}

}  // namespace
