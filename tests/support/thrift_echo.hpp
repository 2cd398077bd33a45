/// A small Thrift service: its client in the shape that `thrift --gen cpp` gives it, and a server by Thrift's own
/// library.
///
///   service Echo { string say(1: string text) throws (1: Refusal refusal), oneway void note(1: string text),
///                  list<Empty> many() }
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <thrift/TApplicationException.h>
#include <thrift/TProcessor.h>
#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/protocol/TCompactProtocol.h>
#include <thrift/server/TThreadedServer.h>
#include <thrift/transport/TBufferTransports.h>
#include <thrift/transport/TServerSocket.h>

namespace thrift_echo {

namespace protocol = apache::thrift::protocol;
using apache::thrift::TApplicationException;

struct Empty {};

/// What the service declares.
class Refusal : public apache::thrift::TException {
 public:
  using TException::TException;
};

class Client {
 public:
  explicit Client(std::shared_ptr<protocol::TProtocol> wire) : wire_(std::move(wire)) {}

  std::string say(const std::string& text) {
    send("say", protocol::T_CALL, text);
    return recv_say();
  }
  /// In halves, as generated clients have them.
  void send_say(const std::string& text) { send("say", protocol::T_CALL, text); }
  std::string recv_say() {
    std::string answer;
    receive("say", [&](std::int16_t field, protocol::TType type) {
      if (field == 1) refuse();
      if (type == protocol::T_STRING) return wire_->readString(answer);
      return wire_->skip(type);
    });
    return answer;
  }
  void note(const std::string& text) { send("note", protocol::T_ONEWAY, text); }
  std::vector<Empty> many() {
    std::vector<Empty> answer;
    send("many", protocol::T_CALL, "");
    receive("many", [&](std::int16_t, protocol::TType) { return read_many(answer); });
    return answer;
  }

 private:
  void send(const char* method, protocol::TMessageType type, const std::string& text) {
    wire_->writeMessageBegin(method, type, 0);
    wire_->writeFieldBegin("text", protocol::T_STRING, 1);
    wire_->writeString(text);
    wire_->writeFieldStop();
    wire_->writeMessageEnd();
    wire_->getTransport()->writeEnd();
    wire_->getTransport()->flush();
  }

  template <class ReadField>
  void receive(const std::string& method, ReadField read_field) {
    std::string name;
    protocol::TMessageType type{};
    std::int32_t sequence = 0;
    wire_->readMessageBegin(name, type, sequence);
    if (type == protocol::T_EXCEPTION) fail();
    if (type != protocol::T_REPLY || name != method)
      throw TApplicationException(TApplicationException::WRONG_METHOD_NAME);
    refused_ = false;
    read_struct(read_field);
    wire_->readMessageEnd();
    wire_->getTransport()->readEnd();
    if (refused_) throw Refusal("refused");
  }
  template <class ReadField>
  void read_struct(ReadField read_field) {
    const protocol::TInputRecursionTracker depth(*wire_);
    std::string name;
    protocol::TType type{};
    std::int16_t field = 0;
    wire_->readStructBegin(name);
    for (wire_->readFieldBegin(name, type, field); type != protocol::T_STOP; wire_->readFieldBegin(name, type, field)) {
      read_field(field, type);
      wire_->readFieldEnd();
    }
    wire_->readStructEnd();
  }
  [[noreturn]] void fail() {
    TApplicationException refusal;
    refusal.read(wire_.get());
    wire_->readMessageEnd();
    wire_->getTransport()->readEnd();
    throw refusal;
  }
  void refuse() { refused_ = true; }

  std::uint32_t read_many(std::vector<Empty>& answer) {
    protocol::TType type{};
    std::uint32_t size = 0;
    wire_->readListBegin(type, size);
    answer.resize(size);  // as generated code does, before one has come
    for (std::uint32_t i = 0; i < size; ++i) wire_->skip(type);
    return wire_->readListEnd();
  }

  std::shared_ptr<protocol::TProtocol> wire_;
  bool refused_ = false;
};

/// Says what it is told; "refuse" is refused, "?..." is an unknown method's fate.
class Processor : public apache::thrift::TProcessor {
 public:
  bool process(std::shared_ptr<protocol::TProtocol> in, std::shared_ptr<protocol::TProtocol> out, void*) override {
    std::string method;
    protocol::TMessageType type{};
    std::int32_t sequence = 0;
    in->readMessageBegin(method, type, sequence);
    const std::string text = read_text(*in);
    in->readMessageEnd();
    in->getTransport()->readEnd();
    if (type == protocol::T_ONEWAY) return ++notes_, true;
    answer(*out, method, text, sequence);
    out->getTransport()->writeEnd();
    out->getTransport()->flush();
    return true;
  }
  [[nodiscard]] std::size_t notes() const noexcept { return notes_; }

 private:
  static std::string read_text(protocol::TProtocol& in) {
    std::string text;
    std::string name;
    protocol::TType type{};
    std::int16_t field = 0;
    for (in.readFieldBegin(name, type, field); type != protocol::T_STOP; in.readFieldBegin(name, type, field)) {
      in.readString(text);
    }
    return text;
  }
  static void answer(protocol::TProtocol& out, const std::string& method, const std::string& text,
                     std::int32_t sequence) {
    if (text.starts_with('?')) {
      out.writeMessageBegin(method, protocol::T_EXCEPTION, sequence);
      TApplicationException(TApplicationException::UNKNOWN_METHOD, "what is that?").write(&out);
      out.writeMessageEnd();
      return;
    }
    out.writeMessageBegin(method, protocol::T_REPLY, sequence);
    out.writeFieldBegin("", protocol::T_STRING, text == "refuse" ? 1 : 0);
    out.writeString(text);
    out.writeFieldStop();
    out.writeMessageEnd();
  }

  std::atomic<std::size_t> notes_ = 0;
};

/// Serves one client until it leaves, over a stream that is somebody else's: TlsServer's.
inline void serve(const std::shared_ptr<apache::thrift::transport::TTransport>& stream) {
  const auto buffered = std::make_shared<apache::thrift::transport::TBufferedTransport>(stream);
  const auto wire = std::make_shared<protocol::TBinaryProtocol>(buffered);
  Processor processor;
  try {
    while (processor.process(wire, wire, nullptr)) continue;
  } catch (const apache::thrift::TException&) {  // the client has left
  }
}

/// On a port of the system's choice.
class Server {
 public:
  explicit Server(bool framed = false, bool compact = false)
      : socket_(std::make_shared<apache::thrift::transport::TServerSocket>("127.0.0.1", 0)),
        server_(processor_, socket_, transports(framed), protocols(compact)) {
    const auto handler = std::make_shared<ListenHandler>();
    server_.setServerEventHandler(handler);
    thread_ = std::thread([this] { server_.serve(); });
    handler->listening.get_future().get();
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() {
    server_.stop();
    thread_.join();
  }

  [[nodiscard]] std::uint16_t port() const { return static_cast<std::uint16_t>(socket_->getPort()); }
  [[nodiscard]] std::size_t open() const { return static_cast<std::size_t>(server_.getConcurrentClientCount()); }
  [[nodiscard]] std::size_t notes() const { return processor_->notes(); }

 private:
  struct ListenHandler : apache::thrift::server::TServerEventHandler {
    void preServe() override { listening.set_value(); }
    std::promise<void> listening;
  };

  static std::shared_ptr<apache::thrift::transport::TTransportFactory> transports(bool framed) {
    if (framed) return std::make_shared<apache::thrift::transport::TFramedTransportFactory>();
    return std::make_shared<apache::thrift::transport::TBufferedTransportFactory>();
  }
  static std::shared_ptr<protocol::TProtocolFactory> protocols(bool compact) {
    if (compact) return std::make_shared<protocol::TCompactProtocolFactory>();
    return std::make_shared<protocol::TBinaryProtocolFactory>();
  }

  std::shared_ptr<Processor> processor_ = std::make_shared<Processor>();
  std::shared_ptr<apache::thrift::transport::TServerSocket> socket_;
  apache::thrift::server::TThreadedServer server_;
  std::thread thread_;
};

}  // namespace thrift_echo
