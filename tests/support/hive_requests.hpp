/// What the made-up HiveServer2 reads of a call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include <thrift/protocol/TProtocol.h>

/// All that any request may hold; fields that a request has not stay empty.
struct HiveRequest {
  std::int32_t number = 0;
  std::string handle;
  std::vector<std::string> texts{6};
  std::map<std::string, std::string> pairs;
};

namespace hive_requests {

using Protocol = apache::thrift::protocol::TProtocol;
using Type = apache::thrift::protocol::TType;

template <class OnField>
void each_field(Protocol& in, OnField on_field) {
  std::string name;
  Type type{};
  std::int16_t id = 0;
  for (in.readFieldBegin(name, type, id); type != apache::thrift::protocol::T_STOP; in.readFieldBegin(name, type, id))
    on_field(id, type);
}
/// The guid, which stands first in the first structure of every handle.
inline void read_handle(Protocol& in, HiveRequest& request) {
  each_field(in, [&](std::int16_t id, Type type) {
    if (type != apache::thrift::protocol::T_STRUCT) return void(in.skip(type));
    if (id != 1) throw std::runtime_error("a handle has its identifier first");
    each_field(in, [&](std::int16_t part, Type field) {
      if (part == 1) return void(in.readString(request.handle));
      in.skip(field);
    });
  });
}
inline void read_pairs(Protocol& in, HiveRequest& request) {
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
inline void read_field(Protocol& in, std::int16_t id, Type type, HiveRequest& request) {
  if (type == apache::thrift::protocol::T_STRUCT) return read_handle(in, request);
  if (type == apache::thrift::protocol::T_I32) return void(in.readI32(request.number));
  if (type == apache::thrift::protocol::T_MAP) return read_pairs(in, request);
  if (type != apache::thrift::protocol::T_STRING) return void(in.skip(type));
  in.readString(request.texts.at(static_cast<std::size_t>(id)));
}
inline HiveRequest read_call(Protocol& in) {
  HiveRequest request;
  each_field(in, [&](std::int16_t, Type) {
    each_field(in, [&](std::int16_t id, Type type) { read_field(in, id, type, request); });
  });
  return request;
}

}  // namespace hive_requests
