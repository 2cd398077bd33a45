/// A statement that the made-up HiveServer2 has begun: how far it is, and how many of its rows have been fetched.
#pragma once

#include <carpool/hive/types.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include <thrift/protocol/TProtocol.h>

#include "hive_answers.hpp"
#include "hive_script.hpp"

class HiveOperation {
  using Protocol = apache::thrift::protocol::TProtocol;

 public:
  HiveOperation() = default;
  /// kind: 0 a statement, 3 a list of schemas, 4 one of tables.
  HiveOperation(HiveScript script, std::int32_t kind) : script_(std::move(script)), kind_(kind) {}

  [[nodiscard]] const HiveScript& script() const noexcept { return script_; }
  void cancel() noexcept { canceled_ = true; }

  /// The handle, under which it is asked for later.
  void write_handle(Protocol& out, const std::string& guid) const {
    out.writeFieldBegin("", apache::thrift::protocol::T_STRUCT, 2);
    hive_answers::write_handle(out, guid);
    out.writeFieldBegin("", apache::thrift::protocol::T_I32, 2), out.writeI32(kind_);
    out.writeFieldBegin("", apache::thrift::protocol::T_BOOL, 3), out.writeBool(!script_.columns.empty());
    out.writeFieldStop();
  }

  void write_progress(Protocol& out) {
    const bool running = script_.endless || polled_++ < script_.polls;
    const bool failed = !script_.error.empty();
    const std::int32_t state = canceled_ ? 3 : running ? 1 : failed ? 5 : 2;
    out.writeFieldBegin("", apache::thrift::protocol::T_I32, 2), out.writeI32(state);
    if (state == 5 && !script_.sql_state.empty()) {
      out.writeFieldBegin("", apache::thrift::protocol::T_STRING, 3), out.writeString(script_.sql_state);
    }
    if (state != 5) return;
    out.writeFieldBegin("", apache::thrift::protocol::T_STRING, 5), out.writeString(script_.error);
  }

  /// The next rows, as many as there are up to `most`.
  void write_rows(Protocol& out, std::size_t most, bool by_column) {
    const auto begin = script_.rows.begin() + static_cast<std::ptrdiff_t>(fetched_);
    const std::size_t count = std::min(script_.rows.size() - fetched_, most);
    const hive_answers::Rows batch(begin, begin + static_cast<std::ptrdiff_t>(count));
    fetched_ += count;
    out.writeFieldBegin("", apache::thrift::protocol::T_I64, 1), out.writeI64(0);
    out.writeFieldBegin("", apache::thrift::protocol::T_LIST, 2);
    out.writeListBegin(apache::thrift::protocol::T_STRUCT, by_column ? 0 : static_cast<std::uint32_t>(count));
    if (!by_column) hive_answers::write_by_row(out, script_, batch);
    if (by_column) hive_answers::write_by_column(out, script_, batch);
    out.writeFieldStop();
  }

 private:
  HiveScript script_;
  std::int32_t kind_ = 0;
  std::size_t fetched_ = 0;
  int polled_ = 0;
  bool canceled_ = false;
};

/// What GetSchemas and GetTables list.
[[nodiscard]] inline HiveScript hive_listing(const std::string& method) {
  using carpool::HiveType;
  if (method == "GetSchemas") {
    return {.columns = {{"TABLE_SCHEM", HiveType::string}, {"TABLE_CATALOG", HiveType::string}},
            .rows = {{"default", ""}, {"web", {}}}};
  }
  return {.columns = {{"TABLE_NAME", HiveType::string}}, .rows = {{"pages"}, {"visits"}, {"users"}}};
}
