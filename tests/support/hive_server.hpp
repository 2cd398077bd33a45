/// A small HiveServer2 in the test's own process: sessions, operations and rows, NOSASL or PLAIN, by row or by column.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/transport/TBufferTransports.h>
#include <thrift/transport/TSocket.h>
#include <unistd.h>

#include "hive_answers.hpp"
#include "hive_operation.hpp"
#include "hive_requests.hpp"
#include "hive_sasl.hpp"
#include "hive_script.hpp"
#include "loopback_listener.hpp"

class HiveServer {
  using Protocol = apache::thrift::protocol::TProtocol;
  using Transport = apache::thrift::transport::TTransport;

 public:
  explicit HiveServer(HiveServerManners manners = {}) : manners_(std::move(manners)) {
    thread_ = std::thread([this] { accept(); });
  }
  HiveServer(const HiveServer&) = delete;
  HiveServer& operator=(const HiveServer&) = delete;
  ~HiveServer() {
    listener_.stop();
    thread_.join();
    {
      const std::scoped_lock lock(mutex_);
      for (const Guest& guest : guests_) ::shutdown(guest.descriptor, SHUT_RDWR);
    }
    for (Guest& guest : guests_) guest.thread.join();
  }

  [[nodiscard]] std::uint16_t port() const noexcept { return listener_.port(); }

  /// Serves one client more until it leaves, over a stream that is somebody else's: TlsServer's.
  void serve(const std::shared_ptr<Transport>& stream) {
    try {
      converse(stream);
    } catch (const std::exception&) {  // the client has left
    }
  }

  void on(const std::string& statement, HiveScript script) {
    const std::scoped_lock lock(mutex_);
    scripts_[statement] = std::move(script);
  }
  /// As after hive.server2.idle.session.timeout.
  void expire_sessions() {
    const std::scoped_lock lock(mutex_);
    sessions_.clear(), operations_.clear();
  }

  /// Connections whose descriptor is not closed yet.
  [[nodiscard]] std::size_t open() const noexcept { return open_; }
  [[nodiscard]] std::size_t sessions() const {
    const std::scoped_lock lock(mutex_);
    return sessions_.size();
  }
  [[nodiscard]] std::size_t operations() const {
    const std::scoped_lock lock(mutex_);
    return operations_.size();
  }
  [[nodiscard]] std::size_t count(const std::string& method) const {
    const std::scoped_lock lock(mutex_);
    return static_cast<std::size_t>(std::count(calls_.begin(), calls_.end(), method));
  }
  /// What the last session was opened with.
  [[nodiscard]] std::map<std::string, std::string> configuration() const {
    const std::scoped_lock lock(mutex_);
    return configuration_;
  }
  [[nodiscard]] std::string user() const {
    const std::scoped_lock lock(mutex_);
    return user_;
  }

 private:
  struct Guest {
    int descriptor;
    std::thread thread;
  };
  using Socket = apache::thrift::transport::TSocket;

  void accept() {
    for (int guest = 0; (guest = listener_.accept()) >= 0;) {
      const int yes = 1;
      ::setsockopt(guest, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
      ++open_;
      const std::scoped_lock lock(mutex_);
      Guest& place = guests_.emplace_back(Guest{guest, {}});
      place.thread = std::thread([this, &place] { serve(place); });
    }
  }

  void serve(Guest& guest) {
    serve(std::make_shared<Socket>(::dup(guest.descriptor)));
    const std::scoped_lock lock(mutex_);
    ::close(std::exchange(guest.descriptor, -1));
    --open_;
  }

  void converse(const std::shared_ptr<Transport>& stream) {
    std::shared_ptr<Transport> transport = std::make_shared<apache::thrift::transport::TBufferedTransport>(stream);
    if (manners_.plain) {
      if (!hive_sasl::negotiate_plain(*stream, manners_.user, manners_.password)) return;
      transport = std::make_shared<apache::thrift::transport::TFramedTransport>(stream);
    }
    apache::thrift::protocol::TBinaryProtocol wire(transport, 1 << 20, 1 << 20, true, true);
    for (;;) answer(wire);
  }

  void answer(Protocol& wire) {
    std::string method;
    apache::thrift::protocol::TMessageType type{};
    std::int32_t sequence = 0;
    wire.readMessageBegin(method, type, sequence);
    const HiveRequest request = hive_requests::read_call(wire);
    wire.readMessageEnd();
    wire.getTransport()->readEnd();
    {
      const std::scoped_lock lock(mutex_);
      calls_.push_back(method);
      write_answer(wire, method, sequence, request);
    }
    wire.getTransport()->writeEnd();
    wire.getTransport()->flush();
  }

  // What follows is done under mutex_.

  void write_answer(Protocol& out, const std::string& method, std::int32_t sequence, const HiveRequest& request) {
    const auto script = method == "ExecuteStatement" ? scripts_.find(request.texts[2]) : scripts_.end();
    if (script != scripts_.end() && script->second.unknown) return hive_answers::refuse_method(out, method, sequence);
    out.writeMessageBegin(method, apache::thrift::protocol::T_REPLY, sequence);
    out.writeFieldBegin("success", apache::thrift::protocol::T_STRUCT, 0);
    write_result(out, method, request);
    out.writeFieldStop();
    out.writeFieldStop();
    out.writeMessageEnd();
  }

  void write_result(Protocol& out, const std::string& method, const HiveRequest& request) {
    if (method == "OpenSession") return open_session(out, request);
    const bool by_session = method == "CloseSession" || method == "GetInfo" || method == "ExecuteStatement" ||
                            method == "GetSchemas" || method == "GetTables" || method == "GetColumns";
    if (by_session && !sessions_.contains(request.handle)) {
      const bool closing = method == "CloseSession";
      return hive_answers::write_status(
          out, 3, closing ? "Session does not exist!" : "Invalid SessionHandle: SessionHandle [x]");
    }
    if (by_session) return serve_session(out, method, request);
    const auto found = operations_.find(request.handle);
    if (found == operations_.end())
      return hive_answers::write_status(out, 3, "Invalid OperationHandle: OperationHandle [x]");
    serve_operation(out, method, found);
  }

  void open_session(Protocol& out, const HiveRequest& request) {
    const std::string guid = new_guid('s');
    version_ = std::min(request.number, manners_.version);
    sessions_.insert(guid);
    configuration_ = request.pairs;
    user_ = request.texts[2];
    hive_answers::write_status(out);
    out.writeFieldBegin("", apache::thrift::protocol::T_I32, 2), out.writeI32(version_);
    out.writeFieldBegin("", apache::thrift::protocol::T_STRUCT, 3);
    hive_answers::write_handle(out, guid);
    out.writeFieldStop();
  }

  void serve_session(Protocol& out, const std::string& method, const HiveRequest& request) {
    if (method == "CloseSession") return sessions_.erase(request.handle), hive_answers::write_status(out);
    if (method == "GetInfo") return hive_answers::write_status(out);
    if (method != "ExecuteStatement") return start(out, {hive_listing(method), method == "GetSchemas" ? 3 : 4});
    const auto found = scripts_.find(request.texts[2]);
    if (found == scripts_.end())
      return hive_answers::write_status(out, 3, "ParseException: cannot recognize input", "42000", 40000);
    start(out, {found->second, 0});
  }
  void start(Protocol& out, const HiveOperation& operation) {
    const std::string guid = new_guid('o');
    operations_[guid] = operation;
    hive_answers::write_status(out);
    operation.write_handle(out, guid);
  }

  void serve_operation(Protocol& out, const std::string& method, std::map<std::string, HiveOperation>::iterator found) {
    HiveOperation& operation = found->second;
    if (method == "CancelOperation") operation.cancel();
    if (method == "CloseOperation") operations_.erase(found);
    if (method == "CancelOperation" || method == "CloseOperation") return hive_answers::write_status(out);
    hive_answers::write_status(out);
    if (method == "GetOperationStatus") return operation.write_progress(out);
    if (method == "GetResultSetMetadata") return hive_answers::write_schema(out, operation.script());
    out.writeFieldBegin("", apache::thrift::protocol::T_BOOL, 2), out.writeBool(false);  // Hive says so always
    out.writeFieldBegin("", apache::thrift::protocol::T_STRUCT, 3);
    operation.write_rows(out, manners_.rows_at_once, version_ >= 5);
  }

  std::string new_guid(char kind) {
    std::string digits = std::to_string(next_++);
    return std::string(16 - digits.size(), kind) + digits;
  }

  HiveServerManners manners_;
  const LoopbackListener listener_;
  std::atomic<std::size_t> open_ = 0;
  mutable std::mutex mutex_;  // guards all below but the thread
  std::list<Guest> guests_;
  std::map<std::string, HiveScript> scripts_;
  std::set<std::string> sessions_;
  std::map<std::string, HiveOperation> operations_;
  std::vector<std::string> calls_;
  std::map<std::string, std::string> configuration_;
  std::string user_;
  std::int32_t version_ = 0;
  std::uint64_t next_ = 1;
  std::thread thread_;
};
