/// The structures of which the made-up HiveServer2 makes its answers: status, handle, schema, and cells by row or
/// column.
#pragma once

#include <carpool/hive/types.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <thrift/TApplicationException.h>
#include <thrift/protocol/TProtocol.h>

#include "hive_script.hpp"

namespace hive_answers {

using Protocol = apache::thrift::protocol::TProtocol;
using Type = apache::thrift::protocol::TType;
using Rows = std::vector<std::vector<carpool::HiveValue>>;

/// Instead of an answer: as a server does that is older than the method.
inline void refuse_method(Protocol& out, const std::string& method, std::int32_t sequence) {
  out.writeMessageBegin(method, apache::thrift::protocol::T_EXCEPTION, sequence);
  apache::thrift::TApplicationException(apache::thrift::TApplicationException::UNKNOWN_METHOD, "no").write(&out);
  out.writeMessageEnd();
}

inline void write_status(Protocol& out, std::int32_t code = 0, const std::string& message = "",
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
inline void write_handle(Protocol& out, const std::string& guid) {
  out.writeFieldBegin("", apache::thrift::protocol::T_STRUCT, 1);
  out.writeFieldBegin("", apache::thrift::protocol::T_STRING, 1), out.writeString(guid);
  out.writeFieldBegin("", apache::thrift::protocol::T_STRING, 2), out.writeString(std::string(16, 's'));
  out.writeFieldStop();
}

inline void write_column(Protocol& out, const HiveScript::Column& column, std::size_t position) {
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
inline void write_schema(Protocol& out, const HiveScript& script) {
  out.writeFieldBegin("", apache::thrift::protocol::T_STRUCT, 2);
  out.writeFieldBegin("", apache::thrift::protocol::T_LIST, 1);
  out.writeListBegin(apache::thrift::protocol::T_STRUCT, static_cast<std::uint32_t>(script.columns.size()));
  for (std::size_t i = 0; i < script.columns.size(); ++i) write_column(out, script.columns[i], i);
  out.writeFieldStop();
}

/// Which of the unions' fields a type's cells stand in.
inline std::int16_t form_of(carpool::HiveType type) {
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
inline Type element_of(std::int16_t form) {
  using namespace apache::thrift::protocol;
  const Type types[] = {T_STOP, T_BOOL, T_BYTE, T_I16, T_I32, T_I64, T_DOUBLE, T_STRING, T_STRING};
  return types[form];
}
/// A NULL's place holder, where the form has places.
inline void write_value(Protocol& out, std::int16_t form, const carpool::HiveValue& value) {
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

inline void write_by_row(Protocol& out, const HiveScript& script, const Rows& rows) {
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
/// As long as its highest bit wants, and a byte more.
inline std::string bitmap(const Rows& rows, std::size_t column) {
  std::string bits(1, '\0');
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (rows[row][column].index() != 0) continue;
    bits.resize(1 + (row + 1) / 8);
    bits[row / 8] = static_cast<char>(bits[row / 8] | 1 << (row % 8));
  }
  return bits;
}
inline void write_by_column(Protocol& out, const HiveScript& script, const Rows& rows) {
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

}  // namespace hive_answers
