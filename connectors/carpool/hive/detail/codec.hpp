/// The parts of which HiveServer2's requests are written and its answers read, on Thrift's protocol.
#pragma once

#include <carpool/hive/types.hpp>

#include <thrift/TApplicationException.h>
#include <thrift/protocol/TProtocol.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace carpool::inline v0_1::detail {

using ThriftProtocol = apache::thrift::protocol::TProtocol;
using ThriftType = apache::thrift::protocol::TType;

/// Fields of the structure that is being written.
class HiveWriter {
 public:
  explicit HiveWriter(ThriftProtocol& out) : out_(out) {}

  void text(std::int16_t field, const std::string& value) {
    begin(field, apache::thrift::protocol::T_STRING);
    out_.writeString(value);
  }
  void number(std::int16_t field, std::int16_t value) {
    begin(field, apache::thrift::protocol::T_I16);
    out_.writeI16(value);
  }
  void number(std::int16_t field, std::int32_t value) {
    begin(field, apache::thrift::protocol::T_I32);
    out_.writeI32(value);
  }
  void number(std::int16_t field, std::int64_t value) {
    begin(field, apache::thrift::protocol::T_I64);
    out_.writeI64(value);
  }
  void number(std::int16_t field, double value) {
    begin(field, apache::thrift::protocol::T_DOUBLE);
    out_.writeDouble(value);
  }
  void flag(std::int16_t field, bool value) {
    begin(field, apache::thrift::protocol::T_BOOL);
    out_.writeBool(value);
  }
  void texts(std::int16_t field, const std::vector<std::string>& values) {
    begin(field, apache::thrift::protocol::T_LIST);
    out_.writeListBegin(apache::thrift::protocol::T_STRING, static_cast<std::uint32_t>(values.size()));
    for (const std::string& value : values) out_.writeString(value);
    out_.writeListEnd();
  }
  void pairs(std::int16_t field, const std::map<std::string, std::string>& values) {
    begin(field, apache::thrift::protocol::T_MAP);
    out_.writeMapBegin(apache::thrift::protocol::T_STRING, apache::thrift::protocol::T_STRING,
                       static_cast<std::uint32_t>(values.size()));
    for (const auto& [key, value] : values) out_.writeString(key), out_.writeString(value);
    out_.writeMapEnd();
  }
  template <class WriteFields>
  void structure(std::int16_t field, WriteFields write_fields) {
    begin(field, apache::thrift::protocol::T_STRUCT);
    write_fields(*this);
    out_.writeFieldStop();
  }
  void handle(std::int16_t field, const HiveHandle& handle) {
    structure(field, [&](HiveWriter& fields) { fields.text(1, handle.guid), fields.text(2, handle.secret); });
  }

 private:
  void begin(std::int16_t field, ThriftType type) { out_.writeFieldBegin("", type, field); }

  ThriftProtocol& out_;
};

// Each takes a value off where it is of the type that is expected; else nothing, so that it can be skipped.
inline bool take(ThriftProtocol& in, ThriftType type, std::string& into) {
  return type == apache::thrift::protocol::T_STRING && in.readBinary(into) > 0;
}
inline bool take(ThriftProtocol& in, ThriftType type, bool& into) {
  return type == apache::thrift::protocol::T_BOOL && in.readBool(into) > 0;
}
inline bool take(ThriftProtocol& in, ThriftType type, std::int8_t& into) {
  return type == apache::thrift::protocol::T_BYTE && in.readByte(into) > 0;
}
inline bool take(ThriftProtocol& in, ThriftType type, std::int16_t& into) {
  return type == apache::thrift::protocol::T_I16 && in.readI16(into) > 0;
}
inline bool take(ThriftProtocol& in, ThriftType type, std::int32_t& into) {
  return type == apache::thrift::protocol::T_I32 && in.readI32(into) > 0;
}
inline bool take(ThriftProtocol& in, ThriftType type, std::int64_t& into) {
  return type == apache::thrift::protocol::T_I64 && in.readI64(into) > 0;
}
inline bool take(ThriftProtocol& in, ThriftType type, double& into) {
  return type == apache::thrift::protocol::T_DOUBLE && in.readDouble(into) > 0;
}

/// Calls on_field(id, type) for each; what it does not take (false) is skipped: newer servers know more fields.
template <class OnField>
bool take_fields(ThriftProtocol& in, OnField on_field) {
  const apache::thrift::protocol::TInputRecursionTracker depth(in);
  std::string name;
  ThriftType type{};
  std::int16_t id = 0;
  in.readStructBegin(name);
  for (in.readFieldBegin(name, type, id); type != apache::thrift::protocol::T_STOP; in.readFieldBegin(name, type, id)) {
    if (!on_field(id, type)) in.skip(type);
    in.readFieldEnd();
  }
  in.readStructEnd();
  return true;
}
template <class OnField>
bool take_structure(ThriftProtocol& in, ThriftType type, OnField on_field) {
  return type == apache::thrift::protocol::T_STRUCT && take_fields(in, on_field);
}

/// Calls on_element(type) for each of a list; what it does not take is skipped.
template <class OnElement>
bool take_list(ThriftProtocol& in, ThriftType type, OnElement on_element) {
  if (type != apache::thrift::protocol::T_LIST) return false;
  ThriftType element{};
  std::uint32_t size = 0;
  in.readListBegin(element, size);
  for (std::uint32_t i = 0; i < size; ++i) {
    if (!on_element(element)) in.skip(element);
  }
  in.readListEnd();
  return true;
}

/// A list of values; an element of another type than T is left out.
template <class T>
bool take_values(ThriftProtocol& in, ThriftType type, std::vector<T>& into) {
  return take_list(in, type, [&](ThriftType element) {
    T value{};
    if (!take(in, element, value)) return false;
    into.push_back(std::move(value));
    return true;
  });
}

inline bool take(ThriftProtocol& in, ThriftType type, HiveHandle& into) {
  return take_structure(in, type, [&](std::int16_t id, ThriftType field) {
    if (id == 1) return take(in, field, into.guid);
    return id == 2 && take(in, field, into.secret);
  });
}

inline bool take(ThriftProtocol& in, ThriftType type, HiveStatus& into) {
  return take_structure(in, type, [&](std::int16_t id, ThriftType field) {
    switch (id) {
      case 1: return take(in, field, into.code);
      case 3: return take(in, field, into.sql_state);
      case 4: return take(in, field, into.error_code.emplace());
      case 5: return take(in, field, into.message);
      default: return false;
    }
  });
}

/// A whole call: write_fields is given the fields of its one argument.
template <class WriteFields>
void write_hive_call(ThriftProtocol& out, const std::string& method, std::int32_t sequence, WriteFields write_fields) {
  out.writeMessageBegin(method, apache::thrift::protocol::T_CALL, sequence);
  HiveWriter(out).structure(1, write_fields);
  out.writeFieldStop();
  out.writeMessageEnd();
}

/// Where an answer begins: whose it is, and whether it is the server's "I cannot". Throws where it is another call's.
[[nodiscard]] inline bool begins_with_refusal(ThriftProtocol& in, const std::string& method, std::int32_t sequence) {
  using apache::thrift::TApplicationException;
  std::string name;
  apache::thrift::protocol::TMessageType type{};
  std::int32_t answered = 0;
  in.readMessageBegin(name, type, answered);
  const bool refused = type == apache::thrift::protocol::T_EXCEPTION;
  if (answered == sequence && (refused || name == method)) return refused;
  throw TApplicationException(TApplicationException::BAD_SEQUENCE_ID, method + ": the answer is another call's");
}

inline void end_hive_answer(ThriftProtocol& in) {
  in.readMessageEnd();
  in.getTransport()->readEnd();
}

[[noreturn]] inline void throw_refusal(ThriftProtocol& in) {
  apache::thrift::TApplicationException refusal;
  refusal.read(&in);
  end_hive_answer(in);
  throw refusal;
}

/// A whole answer to that call: on_field is given the fields of the result but its status.
///
/// Errors:   TApplicationException where the server says so, and where this is no answer to that call.
template <class OnField>
[[nodiscard]] HiveStatus read_hive_answer(ThriftProtocol& in, const std::string& method, std::int32_t sequence,
                                          OnField on_field) {
  using apache::thrift::TApplicationException;
  if (begins_with_refusal(in, method, sequence)) throw_refusal(in);
  HiveStatus status;
  bool answer = false;
  const auto on_part = [&](std::int16_t id, ThriftType type) {
    return id == 1 ? take(in, type, status) : on_field(id, type);
  };
  take_fields(
      in, [&](std::int16_t id, ThriftType type) { return id == 0 && (answer = take_structure(in, type, on_part)); });
  end_hive_answer(in);
  if (!answer) throw TApplicationException(TApplicationException::MISSING_RESULT, method + ": the answer is empty");
  return status;
}

}  // namespace carpool::inline v0_1::detail
