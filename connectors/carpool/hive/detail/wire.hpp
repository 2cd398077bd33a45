/// HiveServer2's structures, as they are written and read.
#pragma once

#include <carpool/hive/detail/codec.hpp>
#include <carpool/hive/rows.hpp>
#include <carpool/hive/types.hpp>

#include <thrift/protocol/TProtocolException.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace carpool::inline v0_1 {

/// Field numbers and types by Hive's own interface definition; what this library does not use is skipped.
struct HiveWire {
  using Protocol = detail::ThriftProtocol;
  using Type = detail::ThriftType;

  static void write(detail::HiveWriter& out, std::int16_t field, const HiveOperation& operation) {
    out.structure(field, [&](detail::HiveWriter& fields) {
      fields.handle(1, operation.handle_);
      fields.number(2, operation.kind_);
      fields.flag(3, operation.has_results_);
      if (operation.modified_rows_) fields.number(4, *operation.modified_rows_);
    });
  }

  static bool take(Protocol& in, Type type, HiveOperation& into) {
    return detail::take_structure(in, type, [&](std::int16_t id, Type field) {
      switch (id) {
        case 1: return detail::take(in, field, into.handle_);
        case 2: return detail::take(in, field, into.kind_);
        case 3: return detail::take(in, field, into.has_results_);
        case 4: return detail::take(in, field, into.modified_rows_.emplace());
        default: return false;
      }
    });
  }

  /// A schema: field 2 of the metadata's answer.
  static bool take(Protocol& in, Type type, std::vector<HiveColumn>& into) {
    const auto column = [&](Type element) {
      HiveColumn& made = into.emplace_back();
      return detail::take_structure(in, element,
                                    [&](std::int16_t id, Type field) { return take(in, id, field, made); });
    };
    return detail::take_structure(
        in, type, [&](std::int16_t id, Type field) { return id == 1 && detail::take_list(in, field, column); });
  }

  /// A set of rows, in whichever form it is.
  static bool take(Protocol& in, Type type, HiveRows& into) {
    std::vector<HiveCells> by_row;
    std::vector<HiveCells> by_column;
    const bool taken = detail::take_structure(in, type, [&](std::int16_t id, Type field) {
      if (id == 2) return detail::take_list(in, field, [&](Type row) { return take_row(in, row, by_row); });
      return id == 3 && detail::take_list(in, field, [&](Type cells) { return take_column(in, cells, by_column); });
    });
    check_lengths(by_column);
    into = HiveRows(by_column.empty() ? std::move(by_row) : std::move(by_column));
    return taken;
  }

 private:
  static bool take(Protocol& in, std::int16_t id, Type field, HiveColumn& into) {
    if (id == 1) return detail::take(in, field, into.name);
    if (id == 4) return detail::take(in, field, into.comment);
    return id == 2 && detail::take_structure(in, field, [&](std::int16_t part, Type list) {
             bool first = true;  // the others are what the first is made of
             return part == 1 && detail::take_list(in, list, [&](Type entry) {
                      return std::exchange(first, false) && take_type(in, entry, into);
                    });
           });
  }

  /// A union: which field is there says what kind of type it is.
  static bool take_type(Protocol& in, Type entry, HiveColumn& into) {
    return detail::take_structure(in, entry, [&](std::int16_t id, Type field) {
      switch (id) {
        case 1: return take_primitive(in, field, into);
        case 2: into.type = HiveType::array; break;
        case 3: into.type = HiveType::map; break;
        case 4: into.type = HiveType::struct_; break;
        case 5: into.type = HiveType::union_; break;
        case 6: into.type = HiveType::user_defined; break;
        default: break;
      }
      return false;
    });
  }
  static bool take_primitive(Protocol& in, Type type, HiveColumn& into) {
    return detail::take_structure(in, type, [&](std::int16_t id, Type field) {
      std::int32_t number = 0;
      if (id == 2) return take_qualifiers(in, field, into);
      if (id != 1 || !detail::take(in, field, number)) return false;
      into.type = static_cast<HiveType>(number);
      return true;
    });
  }
  static bool take_qualifiers(Protocol& in, Type type, HiveColumn& into) {
    return detail::take_structure(in, type, [&](std::int16_t id, Type field) {
      if (id != 1 || field != apache::thrift::protocol::T_MAP) return false;
      Type key{};
      Type value{};
      std::uint32_t size = 0;
      in.readMapBegin(key, value, size);
      for (std::uint32_t i = 0; i < size; ++i) take_qualifier(in, key, value, into);
      in.readMapEnd();
      return true;
    });
  }
  static void take_qualifier(Protocol& in, Type key, Type value, HiveColumn& into) {
    std::string name;
    if (!detail::take(in, key, name)) in.skip(key);
    const bool taken = detail::take_structure(in, value, [&](std::int16_t id, Type field) {
      return id == 1 && detail::take(in, field, into.qualifiers[name]);
    });
    if (!taken) in.skip(value);
  }

  [[noreturn]] static void refuse(const char* what) {
    using apache::thrift::protocol::TProtocolException;
    throw TProtocolException(TProtocolException::INVALID_DATA, std::string("Hive: ") + what);
  }

  /// One cell of a row: a structure whose only field may be missing, and then it is NULL, of no type in particular.
  template <class T>
  static bool take_cell(Protocol& in, Type type, HiveCells& into) {
    T value{};
    bool there = false;
    const bool taken = detail::take_structure(
        in, type, [&](std::int16_t id, Type field) { return id == 1 && (there = detail::take(in, field, value)); });
    if (!there) return into.append_null(), taken;
    if (!into.append(std::move(value))) refuse("a column changes its type");
    return taken;
  }

  static bool take_row(Protocol& in, Type row, std::vector<HiveCells>& table) {
    const bool first = table.empty();
    const std::size_t length = first ? 0 : table.front().size();
    std::size_t column = 0;
    const auto cell = [&](Type type) {
      if (first) table.emplace_back();
      if (column >= table.size()) refuse("a row has more columns than the first");
      HiveCells& cells = table[column++];
      return detail::take_structure(in, type,
                                    [&](std::int16_t id, Type field) { return take_any_cell(in, id, field, cells); });
    };
    const bool taken = detail::take_structure(
        in, row, [&](std::int16_t id, Type field) { return id == 1 && detail::take_list(in, field, cell); });
    for (const HiveCells& cells : table) {
      if (cells.size() != length + 1) refuse("a row has fewer columns than the first");
    }
    return taken;
  }
  static bool take_any_cell(Protocol& in, std::int16_t id, Type field, HiveCells& into) {
    switch (id) {
      case 1: return take_cell<bool>(in, field, into);
      case 2: return take_cell<std::int8_t>(in, field, into);
      case 3: return take_cell<std::int16_t>(in, field, into);
      case 4: return take_cell<std::int32_t>(in, field, into);
      case 5: return take_cell<std::int64_t>(in, field, into);
      case 6: return take_cell<double>(in, field, into);
      case 7: return take_cell<std::string>(in, field, into);
      default: refuse("a cell is of a type that is not known");
    }
  }

  /// One column: its values, and a bitmap that ends after the last NULL.
  template <class T>
  static bool take_cells(Protocol& in, Type type, HiveCells& into) {
    std::vector<T> values;
    std::string bitmap;
    const bool taken = detail::take_structure(in, type, [&](std::int16_t id, Type field) {
      if (id == 1) return detail::take_values(in, field, values);
      return id == 2 && detail::take(in, field, bitmap);
    });
    into.nulls.reserve(std::min(values.size(), bitmap.size() * 8));
    for (std::size_t i = 0; i < values.size() && i / 8 < bitmap.size(); ++i) {
      into.nulls.push_back(((static_cast<unsigned char>(bitmap[i / 8]) >> (i % 8)) & 1U) != 0);
    }
    into.values = std::move(values);
    return taken;
  }
  static bool take_column(Protocol& in, Type type, std::vector<HiveCells>& table) {
    HiveCells& cells = table.emplace_back();
    return detail::take_structure(in, type, [&](std::int16_t id, Type field) {
      switch (id) {
        case 1: return take_cells<bool>(in, field, cells);
        case 2: return take_cells<std::int8_t>(in, field, cells);
        case 3: return take_cells<std::int16_t>(in, field, cells);
        case 4: return take_cells<std::int32_t>(in, field, cells);
        case 5: return take_cells<std::int64_t>(in, field, cells);
        case 6: return take_cells<double>(in, field, cells);
        case 7:
        case 8: return take_cells<std::string>(in, field, cells);
        default: refuse("a column is of a type that is not known");
      }
    });
  }
  static void check_lengths(const std::vector<HiveCells>& columns) {
    for (const HiveCells& cells : columns) {
      if (cells.size() != columns.front().size()) refuse("the columns are not of one length");
    }
  }
};

}  // namespace carpool::inline v0_1
