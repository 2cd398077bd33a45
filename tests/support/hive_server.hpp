/// A small HiveServer2 in the test's own process: sessions, operations and rows, NOSASL or PLAIN, by row or by column.
#pragma once

#include <carpool/hive_types.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <thrift/TApplicationException.h>
#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/transport/TBufferTransports.h>
#include <thrift/transport/TSocket.h>
#include <unistd.h>

/// What a statement comes to.
struct HiveScript {
  struct Column {
    std::string name;
    carpool::HiveType type;
    std::string comment = {};
  };
  std::vector<Column> columns = {};
  std::vector<std::vector<carpool::HiveValue>> rows = {};  ///< each value of the C++ type that its column has
  std::string error = {};                                  ///< it fails so
  std::string sql_state = {};
  int polls = 0;         ///< answered with RUNNING before it is finished
  bool endless = false;  ///< until somebody cancels it
  bool unknown = false;  ///< "I know no such method"
};

struct HiveServerManners {
  bool plain = false;
  std::string user = "ada";  ///< with plain: the only one, with this password
  std::string password = "secret";
  std::int32_t version = 9;      ///< the highest that it speaks
  std::size_t rows_at_once = 2;  ///< whatever it is asked for
};

class HiveServer {
  using Protocol = apache::thrift::protocol::TProtocol;
  using Type = apache::thrift::protocol::TType;
  using Transport = apache::thrift::transport::TTransport;

 public:
  explicit HiveServer(HiveServerManners manners = {}) : manners_(std::move(manners)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0) throw std::runtime_error("bind");
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    ::listen(listener_, 1024);
    thread_ = std::thread([this] { accept(); });
  }
  HiveServer(const HiveServer&) = delete;
  HiveServer& operator=(const HiveServer&) = delete;
  ~HiveServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    {
      const std::scoped_lock lock(mutex_);
      for (const Guest& guest : guests_) ::shutdown(guest.descriptor, SHUT_RDWR);
    }
    for (Guest& guest : guests_) guest.thread.join();
    ::close(listener_);
  }

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

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
  struct Operation {
    HiveScript script;
    std::int32_t kind = 0;
    std::size_t fetched = 0;
    int polled = 0;
    bool canceled = false;
  };
  /// All that any request may hold; fields that a request has not stay empty.
  struct Request {
    std::int32_t number = 0;
    std::string handle;
    std::vector<std::string> texts{6};
    std::map<std::string, std::string> pairs;
  };
  using Socket = apache::thrift::transport::TSocket;

  void accept() {
    for (int guest = 0; (guest = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) {
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
      if (!negotiate(*stream)) return;
      transport = std::make_shared<apache::thrift::transport::TFramedTransport>(stream);
    }
    apache::thrift::protocol::TBinaryProtocol wire(transport, 1 << 20, 1 << 20, true, true);
    for (;;) answer(wire);
  }

  static std::string read(Transport& from, std::size_t size) {
    std::string bytes(size, '\0');
    if (size > 0) from.readAll(reinterpret_cast<std::uint8_t*>(bytes.data()), static_cast<std::uint32_t>(size));
    return bytes;
  }
  static std::string read_message(Transport& from, char expected) {
    const std::string head = read(from, 5);
    if (head[0] != expected) throw std::runtime_error("invalid status");
    std::size_t size = 0;
    for (const char byte : head.substr(1)) size = size << 8U | static_cast<unsigned char>(byte);
    return read(from, std::min<std::size_t>(size, 10000));
  }
  static void say(Transport& to, const std::string& bytes) {
    to.write(reinterpret_cast<const std::uint8_t*>(bytes.data()), static_cast<std::uint32_t>(bytes.size()));
    to.flush();
  }
  bool negotiate(Transport& socket) const {
    try {
      const std::string mechanism = read_message(socket, 1);
      const std::string credentials = read_message(socket, 2);
      const std::string right = manners_.user + '\0' + manners_.user + '\0' + manners_.password;
      const bool known = mechanism == "PLAIN" && credentials == right;
      say(socket, known ? std::string("\5\0\0\0\0", 5)
                        : std::string("\3\0\0\0\x1a"
                                      "Error validating the login",
                                      31));
      return known;
    } catch (const std::runtime_error&) {
      say(socket, std::string("\4\0\0\0\x13"
                              "Invalid status -128",
                              24));
      return false;
    }
  }

  void answer(Protocol& wire) {
    std::string method;
    apache::thrift::protocol::TMessageType type{};
    std::int32_t sequence = 0;
    wire.readMessageBegin(method, type, sequence);
    const Request request = read_call(wire);
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

  template <class OnField>
  static void each_field(Protocol& in, OnField on_field) {
    std::string name;
    Type type{};
    std::int16_t id = 0;
    for (in.readFieldBegin(name, type, id); type != apache::thrift::protocol::T_STOP; in.readFieldBegin(name, type, id))
      on_field(id, type);
  }
  static Request read_call(Protocol& in) {
    Request request;
    each_field(in, [&](std::int16_t, Type) {
      each_field(in, [&](std::int16_t id, Type type) { read_field(in, id, type, request); });
    });
    return request;
  }
  static void read_field(Protocol& in, std::int16_t id, Type type, Request& request) {
    if (type == apache::thrift::protocol::T_STRUCT) return read_handle(in, request);
    if (type == apache::thrift::protocol::T_I32) return void(in.readI32(request.number));
    if (type == apache::thrift::protocol::T_MAP) return read_pairs(in, request);
    if (type != apache::thrift::protocol::T_STRING) return void(in.skip(type));
    in.readString(request.texts.at(static_cast<std::size_t>(id)));
  }
  /// The guid, which stands first in the first structure of every handle.
  static void read_handle(Protocol& in, Request& request) {
    each_field(in, [&](std::int16_t id, Type type) {
      if (type != apache::thrift::protocol::T_STRUCT) return void(in.skip(type));
      if (id != 1) throw std::runtime_error("a handle has its identifier first");
      each_field(in, [&](std::int16_t part, Type field) {
        if (part == 1) return void(in.readString(request.handle));
        in.skip(field);
      });
    });
  }
  static void read_pairs(Protocol& in, Request& request) {
    Type key{};
    Type value{};
    std::uint32_t size = 0;
    in.readMapBegin(key, value, size);
    for (std::uint32_t i = 0; i < size; ++i) {
      std::string name;
      in.readString(name);
      in.readString(request.pairs[name]);
    }
  }

  // What follows is done under mutex_.

  void write_answer(Protocol& out, const std::string& method, std::int32_t sequence, const Request& request) {
    if (method == "ExecuteStatement" && scripts_.contains(request.texts[2]) && scripts_[request.texts[2]].unknown) {
      out.writeMessageBegin(method, apache::thrift::protocol::T_EXCEPTION, sequence);
      apache::thrift::TApplicationException(apache::thrift::TApplicationException::UNKNOWN_METHOD, "no").write(&out);
      out.writeMessageEnd();
      return;
    }
    out.writeMessageBegin(method, apache::thrift::protocol::T_REPLY, sequence);
    out.writeFieldBegin("success", apache::thrift::protocol::T_STRUCT, 0);
    write_result(out, method, request);
    out.writeFieldStop();
    out.writeFieldStop();
    out.writeMessageEnd();
  }

  void write_result(Protocol& out, const std::string& method, const Request& request) {
    if (method == "OpenSession") return open_session(out, request);
    const bool by_session = method == "CloseSession" || method == "GetInfo" || method == "ExecuteStatement" ||
                            method == "GetSchemas" || method == "GetTables" || method == "GetColumns";
    if (by_session && !sessions_.contains(request.handle)) {
      const bool closing = method == "CloseSession";
      return write_status(out, 3, closing ? "Session does not exist!" : "Invalid SessionHandle: SessionHandle [x]");
    }
    if (by_session) return serve_session(out, method, request);
    const auto found = operations_.find(request.handle);
    if (found == operations_.end()) return write_status(out, 3, "Invalid OperationHandle: OperationHandle [x]");
    serve_operation(out, method, found);
  }

  void open_session(Protocol& out, const Request& request) {
    const std::string guid = new_guid('s');
    version_ = std::min(request.number, manners_.version);
    sessions_.insert(guid);
    configuration_ = request.pairs;
    user_ = request.texts[2];
    write_status(out);
    out.writeFieldBegin("", apache::thrift::protocol::T_I32, 2), out.writeI32(version_);
    out.writeFieldBegin("", apache::thrift::protocol::T_STRUCT, 3);
    write_handle(out, guid);
    out.writeFieldStop();
  }

  void serve_session(Protocol& out, const std::string& method, const Request& request) {
    if (method == "CloseSession") return sessions_.erase(request.handle), write_status(out);
    if (method == "GetInfo") return write_status(out);
    if (method != "ExecuteStatement") return start(out, listing(method), method == "GetSchemas" ? 3 : 4);
    const auto found = scripts_.find(request.texts[2]);
    if (found == scripts_.end()) return write_status(out, 3, "ParseException: cannot recognize input", "42000", 40000);
    start(out, found->second, 0);
  }
  static HiveScript listing(const std::string& method) {
    using carpool::HiveType;
    if (method == "GetSchemas") {
      return {.columns = {{"TABLE_SCHEM", HiveType::string}, {"TABLE_CATALOG", HiveType::string}},
              .rows = {{"default", ""}, {"web", {}}}};
    }
    return {.columns = {{"TABLE_NAME", HiveType::string}}, .rows = {{"pages"}, {"visits"}, {"users"}}};
  }

  void start(Protocol& out, const HiveScript& script, std::int32_t kind) {
    const std::string guid = new_guid('o');
    operations_[guid] = {.script = script, .kind = kind};
    write_status(out);
    out.writeFieldBegin("", apache::thrift::protocol::T_STRUCT, 2);
    write_handle(out, guid);
    out.writeFieldBegin("", apache::thrift::protocol::T_I32, 2), out.writeI32(kind);
    out.writeFieldBegin("", apache::thrift::protocol::T_BOOL, 3), out.writeBool(!script.columns.empty());
    out.writeFieldStop();
  }

  void serve_operation(Protocol& out, const std::string& method, std::map<std::string, Operation>::iterator found) {
    Operation& operation = found->second;
    if (method == "CancelOperation") operation.canceled = true;
    if (method == "CloseOperation") operations_.erase(found);
    if (method == "CancelOperation" || method == "CloseOperation") return write_status(out);
    if (method == "GetOperationStatus") return write_progress(out, operation);
    write_status(out);
    if (method == "GetResultSetMetadata") return write_schema(out, operation.script);
    out.writeFieldBegin("", apache::thrift::protocol::T_BOOL, 2), out.writeBool(false);  // Hive says so always
    out.writeFieldBegin("", apache::thrift::protocol::T_STRUCT, 3);
    write_rows(out, operation);
  }

  static void write_progress(Protocol& out, Operation& operation) {
    write_status(out);
    const bool running = operation.script.endless || operation.polled++ < operation.script.polls;
    const bool failed = !operation.script.error.empty();
    const std::int32_t state = operation.canceled ? 3 : running ? 1 : failed ? 5 : 2;
    out.writeFieldBegin("", apache::thrift::protocol::T_I32, 2), out.writeI32(state);
    if (state == 5 && !operation.script.sql_state.empty()) {
      out.writeFieldBegin("", apache::thrift::protocol::T_STRING, 3), out.writeString(operation.script.sql_state);
    }
    if (state != 5) return;
    out.writeFieldBegin("", apache::thrift::protocol::T_STRING, 5), out.writeString(operation.script.error);
  }

  static void write_schema(Protocol& out, const HiveScript& script) {
    out.writeFieldBegin("", apache::thrift::protocol::T_STRUCT, 2);
    out.writeFieldBegin("", apache::thrift::protocol::T_LIST, 1);
    out.writeListBegin(apache::thrift::protocol::T_STRUCT, static_cast<std::uint32_t>(script.columns.size()));
    for (std::size_t i = 0; i < script.columns.size(); ++i) write_column(out, script.columns[i], i);
    out.writeFieldStop();
  }
  static void write_column(Protocol& out, const HiveScript::Column& column, std::size_t position) {
    out.writeFieldBegin("", apache::thrift::protocol::T_STRING, 1), out.writeString(column.name);
    out.writeFieldBegin("", apache::thrift::protocol::T_STRUCT, 2);
    out.writeFieldBegin("", apache::thrift::protocol::T_LIST, 1);
    out.writeListBegin(apache::thrift::protocol::T_STRUCT, 1);
    out.writeFieldBegin("", apache::thrift::protocol::T_STRUCT, 1);
    out.writeFieldBegin("", apache::thrift::protocol::T_I32, 1), out.writeI32(static_cast<std::int32_t>(column.type));
    out.writeFieldStop(), out.writeFieldStop(), out.writeFieldStop();
    out.writeFieldBegin("", apache::thrift::protocol::T_I32, 3);
    out.writeI32(static_cast<std::int32_t>(position + 1));
    if (!column.comment.empty()) {
      out.writeFieldBegin("", apache::thrift::protocol::T_STRING, 4), out.writeString(column.comment);
    }
    out.writeFieldStop();
  }

  void write_rows(Protocol& out, Operation& operation) const {
    const auto& rows = operation.script.rows;
    const std::size_t begin = operation.fetched;
    const std::size_t end = std::min(rows.size(), begin + manners_.rows_at_once);
    operation.fetched = end;
    const std::vector<std::vector<carpool::HiveValue>> batch(rows.begin() + static_cast<std::ptrdiff_t>(begin),
                                                             rows.begin() + static_cast<std::ptrdiff_t>(end));
    out.writeFieldBegin("", apache::thrift::protocol::T_I64, 1), out.writeI64(0);
    const bool by_column = version_ >= 5;
    out.writeFieldBegin("", apache::thrift::protocol::T_LIST, 2);
    out.writeListBegin(apache::thrift::protocol::T_STRUCT, by_column ? 0 : static_cast<std::uint32_t>(batch.size()));
    if (!by_column) write_by_row(out, operation.script, batch);
    if (by_column) write_by_column(out, operation.script, batch);
    out.writeFieldStop();
  }

  /// Which of the unions' fields a type's cells stand in.
  static std::int16_t form_of(carpool::HiveType type) {
    switch (type) {
      case carpool::HiveType::boolean: return 1;
      case carpool::HiveType::tinyint: return 2;
      case carpool::HiveType::smallint: return 3;
      case carpool::HiveType::int_: return 4;
      case carpool::HiveType::bigint: return 5;
      case carpool::HiveType::float_:
      case carpool::HiveType::double_: return 6;
      case carpool::HiveType::binary: return 8;
      default: return 7;
    }
  }
  static Type element_of(std::int16_t form) {
    using namespace apache::thrift::protocol;
    const Type types[] = {T_STOP, T_BOOL, T_BYTE, T_I16, T_I32, T_I64, T_DOUBLE, T_STRING, T_STRING};
    return types[form];
  }
  /// A NULL's place holder, where the form has places.
  static void write_value(Protocol& out, std::int16_t form, const carpool::HiveValue& value) {
    const auto or_else = [&value]<class T>(T none) { return std::get_if<T>(&value) ? std::get<T>(value) : none; };
    switch (form) {
      case 1: out.writeBool(or_else(true)); break;
      case 2: out.writeByte(or_else(std::int8_t{0})); break;
      case 3: out.writeI16(or_else(std::int16_t{0})); break;
      case 4: out.writeI32(or_else(std::int32_t{0})); break;
      case 5: out.writeI64(or_else(std::int64_t{0})); break;
      case 6: out.writeDouble(or_else(0.0)); break;
      default: out.writeString(or_else(std::string())); break;
    }
  }

  static void write_by_row(Protocol& out, const HiveScript& script,
                           const std::vector<std::vector<carpool::HiveValue>>& rows) {
    for (const auto& row : rows) {
      out.writeFieldBegin("", apache::thrift::protocol::T_LIST, 1);
      out.writeListBegin(apache::thrift::protocol::T_STRUCT, static_cast<std::uint32_t>(row.size()));
      for (std::size_t i = 0; i < row.size(); ++i) {
        const std::int16_t form = std::min<std::int16_t>(form_of(script.columns[i].type), 7);
        out.writeFieldBegin("", apache::thrift::protocol::T_STRUCT, form);
        if (row[i].index() != 0) out.writeFieldBegin("", element_of(form), 1), write_value(out, form, row[i]);
        out.writeFieldStop(), out.writeFieldStop();
      }
      out.writeFieldStop();
    }
  }
  static void write_by_column(Protocol& out, const HiveScript& script,
                              const std::vector<std::vector<carpool::HiveValue>>& rows) {
    out.writeFieldBegin("", apache::thrift::protocol::T_LIST, 3);
    out.writeListBegin(apache::thrift::protocol::T_STRUCT, static_cast<std::uint32_t>(script.columns.size()));
    for (std::size_t i = 0; i < script.columns.size(); ++i) {
      const std::int16_t form = form_of(script.columns[i].type);
      out.writeFieldBegin("", apache::thrift::protocol::T_STRUCT, form);
      out.writeFieldBegin("", apache::thrift::protocol::T_LIST, 1);
      out.writeListBegin(element_of(form), static_cast<std::uint32_t>(rows.size()));
      for (const auto& row : rows) write_value(out, form, row[i]);
      out.writeFieldBegin("", apache::thrift::protocol::T_STRING, 2), out.writeString(bitmap(rows, i));
      out.writeFieldStop(), out.writeFieldStop();
    }
  }
  /// As long as its highest bit wants, and a byte more.
  static std::string bitmap(const std::vector<std::vector<carpool::HiveValue>>& rows, std::size_t column) {
    std::string bits(1, '\0');
    for (std::size_t row = 0; row < rows.size(); ++row) {
      if (rows[row][column].index() != 0) continue;
      bits.resize(1 + (row + 1) / 8);
      bits[row / 8] = static_cast<char>(bits[row / 8] | 1 << (row % 8));
    }
    return bits;
  }

  static void write_status(Protocol& out, std::int32_t code = 0, const std::string& message = "",
                           const std::string& sql_state = "", std::optional<std::int32_t> error = {}) {
    out.writeFieldBegin("", apache::thrift::protocol::T_STRUCT, 1);
    out.writeFieldBegin("", apache::thrift::protocol::T_I32, 1), out.writeI32(code);
    if (!sql_state.empty()) {
      out.writeFieldBegin("", apache::thrift::protocol::T_STRING, 3), out.writeString(sql_state);
    }
    if (error) out.writeFieldBegin("", apache::thrift::protocol::T_I32, 4), out.writeI32(*error);
    if (!message.empty()) out.writeFieldBegin("", apache::thrift::protocol::T_STRING, 5), out.writeString(message);
    out.writeFieldStop();
  }
  static void write_handle(Protocol& out, const std::string& guid) {
    out.writeFieldBegin("", apache::thrift::protocol::T_STRUCT, 1);
    out.writeFieldBegin("", apache::thrift::protocol::T_STRING, 1), out.writeString(guid);
    out.writeFieldBegin("", apache::thrift::protocol::T_STRING, 2), out.writeString(std::string(16, 's'));
    out.writeFieldStop();
  }
  std::string new_guid(char kind) {
    std::string digits = std::to_string(next_++);
    return std::string(16 - digits.size(), kind) + digits;
  }

  HiveServerManners manners_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<std::size_t> open_ = 0;
  mutable std::mutex mutex_;  // guards all below but the thread
  std::list<Guest> guests_;
  std::map<std::string, HiveScript> scripts_;
  std::set<std::string> sessions_;
  std::map<std::string, Operation> operations_;
  std::vector<std::string> calls_;
  std::map<std::string, std::string> configuration_;
  std::string user_;
  std::int32_t version_ = 0;
  std::uint64_t next_ = 1;
  std::thread thread_;
};
