// needs: thrift_connector
// A pool of clients of your own Thrift service. EchoClient stands here for what `thrift --gen cpp echo.thrift` makes of
//   service Echo { string say(1: string text) }
// Usage: thrift_client host port text
#include <carpool/connection_pool.hpp>
#include <carpool/lifo_stack.hpp>
#include <carpool/thread_backend.hpp>
#include <carpool/thrift_connector.hpp>

#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>

namespace protocol = apache::thrift::protocol;

class EchoClient {
 public:
  explicit EchoClient(std::shared_ptr<protocol::TProtocol> wire) : wire_(std::move(wire)) {}

  void say(std::string& answer, const std::string& text) {
    wire_->writeMessageBegin("say", protocol::T_CALL, 0);
    wire_->writeFieldBegin("text", protocol::T_STRING, 1), wire_->writeString(text), wire_->writeFieldStop();
    wire_->writeMessageEnd(), wire_->getTransport()->writeEnd(), wire_->getTransport()->flush();
    std::string name;
    protocol::TMessageType kind{};
    std::int32_t sequence = 0;
    wire_->readMessageBegin(name, kind, sequence);
    protocol::TType type{};
    std::int16_t field = 0;
    for (wire_->readFieldBegin(name, type, field); type != protocol::T_STOP; wire_->readFieldBegin(name, type, field))
      type == protocol::T_STRING ? wire_->readString(answer) : wire_->skip(type);
    wire_->readMessageEnd(), wire_->getTransport()->readEnd();
  }

 private:
  std::shared_ptr<protocol::TProtocol> wire_;
};

int main(int count, char** arguments) {
  if (count != 4) return std::fprintf(stderr, "Usage: %s host port text\n", arguments[0]), 2;
  try {
    carpool::ConnectionPool<carpool::ThreadBackend, carpool::LifoStack, carpool::ThriftConnector<EchoClient>> pool(
        {.host = arguments[1], .port = static_cast<std::uint16_t>(std::stoi(arguments[2]))}, {.max_size = 8});
    std::string answer;
    pool.acquire()->client().say(answer, arguments[3]);
    std::printf("%s\n", answer.c_str());
  } catch (const std::exception& error) {
    return std::fprintf(stderr, "%s\n", error.what()), 1;
  }
}
