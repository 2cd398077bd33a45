/// A session with a HiveServer2: it is opened, asked to do things, and closed.
#pragma once

#include <carpool/hive/detail/channel.hpp>
#include <carpool/hive/detail/wire.hpp>
#include <carpool/hive/options.hpp>
#include <carpool/hive/rows.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace carpool::inline v0_1::detail {

/// What an operation's state is, and why where it has failed.
struct HiveProgress {
  HiveState state = HiveState::unknown;
  HiveStatus reason;
};

/// One method per call of the service, each bounded by its deadline. Errors and threads as HiveChannel.
template <class Backend>
class HiveSession {
 public:
  HiveSession(HiveChannel<Backend> channel, HiveSettings settings)
      : channel_(std::move(channel)), settings_(std::move(settings)) {}

  void open(TimePoint deadline) {
    const auto request = [this](HiveWriter& out) {
      out.number(1, static_cast<std::int32_t>(settings_.protocol));
      if (!settings_.user.empty()) out.text(2, settings_.user);
      if (!settings_.password.empty()) out.text(3, settings_.password);
      if (auto configuration = session_configuration(); !configuration.empty()) out.pairs(4, configuration);
    };
    handle_ = {};
    channel_.call("OpenSession", deadline, request, [this](std::int16_t id, ThriftType type) {
      if (id == 2) return take(in(), type, version_);
      return id == 3 && take_structure(in(), type, [this](std::int16_t part, ThriftType field) {
               return part == 1 && take(in(), field, handle_);
             });
    });
    if (handle_.guid.empty()) throw HiveError("", channel_.named("OpenSession") + "the server has named no session");
  }

  void close(TimePoint deadline) {
    channel_.call("CloseSession", deadline, [this](HiveWriter& out) { session(out); });
  }

  /// Whether there is a server, and it knows this session. Hive looks at the session; Spark's server does not for this
  /// question, and hangs up on others: there the next statement is told of the session's end.
  [[nodiscard]] bool answers(TimePoint deadline) {
    constexpr std::int32_t dbms_name = 17;
    const auto request = [this](HiveWriter& out) { session(out), out.number(2, dbms_name); };
    return channel_.ask("GetInfo", deadline, request, nothing).good();
  }

  /// The server answers at once and works on. The first version of the protocol answers when it is done.
  [[nodiscard]] HiveOperation execute(const std::string& statement, TimePoint deadline) {
    return start("ExecuteStatement", deadline, [&](HiveWriter& out) {
      session(out);
      out.text(2, statement);
      out.pairs(3, {});
      if (version_ > 0) out.flag(4, true);
    });
  }
  /// Patterns by SQL's LIKE; an empty one matches all.
  [[nodiscard]] HiveOperation schemas(const std::string& schema, TimePoint deadline) {
    return start("GetSchemas", deadline, [&](HiveWriter& out) { session(out), pattern(out, 3, schema); });
  }
  [[nodiscard]] HiveOperation tables(const std::string& schema, const std::string& table, TimePoint deadline) {
    return start("GetTables", deadline,
                 [&](HiveWriter& out) { session(out), pattern(out, 3, schema), pattern(out, 4, table); });
  }
  [[nodiscard]] HiveOperation columns(const std::string& schema, const std::string& table, TimePoint deadline) {
    return start("GetColumns", deadline,
                 [&](HiveWriter& out) { session(out), pattern(out, 3, schema), pattern(out, 4, table); });
  }

  [[nodiscard]] HiveProgress progress(const HiveOperation& operation, TimePoint deadline) {
    HiveProgress progress;
    channel_.call("GetOperationStatus", deadline, about(operation), [&](std::int16_t id, ThriftType type) {
      std::int32_t state = 0;
      switch (id) {
        case 2: return take(in(), type, state) && (progress.state = static_cast<HiveState>(state), true);
        case 3: return take(in(), type, progress.reason.sql_state);
        case 4: return take(in(), type, progress.reason.error_code.emplace());
        case 5: return take(in(), type, progress.reason.message);
        default: return false;
      }
    });
    return progress;
  }

  [[nodiscard]] std::vector<HiveColumn> metadata(const HiveOperation& operation, TimePoint deadline) {
    std::vector<HiveColumn> found;
    channel_.call("GetResultSetMetadata", deadline, about(operation),
                  [&](std::int16_t id, ThriftType type) { return id == 2 && HiveWire::take(in(), type, found); });
    return found;
  }

  /// The next batch; none: there are no more, whatever the server says of that elsewhere.
  [[nodiscard]] HiveRows fetch(const HiveOperation& operation, TimePoint deadline) {
    HiveRows rows;
    const auto request = [&](HiveWriter& out) {
      HiveWire::write(out, 1, operation);
      out.number(2, std::int32_t{0});  // the next
      out.number(3, settings_.batch_rows);
    };
    channel_.call("FetchResults", deadline, request,
                  [&](std::int16_t id, ThriftType type) { return id == 3 && HiveWire::take(in(), type, rows); });
    return rows;
  }

  void cancel(const HiveOperation& operation, TimePoint deadline) {
    channel_.call("CancelOperation", deadline, about(operation));
  }
  void close(const HiveOperation& operation, TimePoint deadline) {
    channel_.call("CloseOperation", deadline, about(operation));
  }

  /// For the end of a connection whose statement takes too long: the server is told to stop and to forget the session,
  /// and nobody waits for what it says to that.
  void leave(const HiveOperation& operation, TimePoint deadline) {
    channel_.send("CancelOperation", deadline, about(operation));
    channel_.send("CloseSession", deadline, [this](HiveWriter& out) { session(out); });
  }

  [[nodiscard]] HiveChannel<Backend>& channel() noexcept { return channel_; }
  [[nodiscard]] const HiveChannel<Backend>& channel() const noexcept { return channel_; }
  [[nodiscard]] const HiveSettings& settings() const noexcept { return settings_; }
  /// As the server numbers the versions that both speak.
  [[nodiscard]] std::int32_t version() const noexcept { return version_; }

 private:
  static constexpr auto nothing = [](std::int16_t, ThriftType) { return false; };

  [[nodiscard]] ThriftProtocol& in() noexcept { return channel_.protocol(); }

  void session(HiveWriter& out) const {
    out.structure(1, [this](HiveWriter& fields) { fields.handle(1, handle_); });
  }
  static void pattern(HiveWriter& out, std::int16_t field, const std::string& value) {
    if (!value.empty()) out.text(field, value);
  }
  static auto about(const HiveOperation& operation) {
    return [&operation](HiveWriter& out) { HiveWire::write(out, 1, operation); };
  }

  [[nodiscard]] std::map<std::string, std::string> session_configuration() const {
    auto configuration = settings_.configuration;
    if (!settings_.database.empty()) configuration["use:database"] = settings_.database;
    return configuration;
  }

  template <class Request>
  HiveOperation start(const char* method, TimePoint deadline, Request request) {
    HiveOperation operation;
    bool named = false;
    channel_.call(method, deadline, request, [&](std::int16_t id, ThriftType type) {
      return id == 2 && (named = HiveWire::take(in(), type, operation));
    });
    if (!named) throw HiveError("", channel_.named(method) + "the server has named no operation");
    return operation;
  }

  HiveChannel<Backend> channel_;
  HiveSettings settings_;
  HiveHandle handle_;
  std::int32_t version_ = 0;
};

}  // namespace carpool::inline v0_1::detail
