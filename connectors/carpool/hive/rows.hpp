/// Rows that HiveServer2 has sent, as typed values with NULLs: stored by column, whichever way they came.
#pragma once

#include <carpool/hive/types.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace carpool {

/// Cells of one type. A missing entry of nulls means that the cell is there.
struct HiveCells {
  using Values =
      std::variant<std::vector<bool>, std::vector<std::int8_t>, std::vector<std::int16_t>, std::vector<std::int32_t>,
                   std::vector<std::int64_t>, std::vector<double>, std::vector<std::string>>;
  Values values = std::vector<std::string>();
  std::vector<bool> nulls = {};

  [[nodiscard]] std::size_t size() const {
    return std::visit([](const auto& cells) { return cells.size(); }, values);
  }
  [[nodiscard]] bool is_null(std::size_t row) const { return row < nulls.size() && nulls[row]; }

  void append_null() {
    nulls.resize(size());
    nulls.push_back(true);
    std::visit([](auto& cells) { cells.emplace_back(); }, values);
  }
  /// False where the column is of another type. As long as it is all NULL it is of any.
  template <class T>
  [[nodiscard]] bool append(T value) {
    if (!std::holds_alternative<std::vector<T>>(values) && !retype<T>()) return false;
    std::get<std::vector<T>>(values).push_back(std::move(value));
    return true;
  }

  /// Throws std::invalid_argument where they are of another type.
  void append(HiveCells more) {
    if (values.index() != more.values.index() && !adopt_type(more)) {
      throw std::invalid_argument("Hive: a column changes its type");
    }
    nulls.resize(size());
    more.nulls.resize(more.size());
    nulls.insert(nulls.end(), more.nulls.begin(), more.nulls.end());
    const auto join = [&more]<class Cells>(Cells& cells) {
      auto& others = std::get<Cells>(more.values);
      cells.insert(cells.end(), std::make_move_iterator(others.begin()), std::make_move_iterator(others.end()));
    };
    std::visit(join, values);
  }

 private:
  [[nodiscard]] bool all_null() const {
    return nulls.size() >= size() && std::find(nulls.begin(), nulls.end(), false) == nulls.end();
  }
  template <class T>
  bool retype() {
    if (!all_null()) return false;
    values = std::vector<T>(size());
    return true;
  }
  /// One of the two takes the other's type, where it has none of its own yet.
  bool adopt_type(HiveCells& more) {
    const auto to_ours = [&more]<class T>(const std::vector<T>&) { return more.retype<T>(); };
    const auto to_theirs = [this]<class T>(const std::vector<T>&) { return retype<T>(); };
    return std::visit(to_ours, values) || std::visit(to_theirs, more.values);
  }
};

/// Errors:   std::out_of_range for a row or column that is not there, std::invalid_argument where a cell is asked for
///           as what it is not.
class HiveRows {
 public:
  HiveRows() = default;
  explicit HiveRows(std::vector<HiveCells> cells) : cells_(std::move(cells)) {}

  [[nodiscard]] std::size_t size() const { return cells_.empty() ? 0 : cells_.front().size(); }
  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] std::size_t width() const noexcept { return cells_.size(); }

  /// Names and types, where they were asked for.
  [[nodiscard]] const std::vector<HiveColumn>& columns() const noexcept { return columns_; }
  void describe(std::vector<HiveColumn> columns) { columns_ = std::move(columns); }
  /// Throws std::out_of_range where there is none of that name.
  [[nodiscard]] std::size_t column(const std::string& name) const {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i].name == name) return i;
    }
    throw std::out_of_range("Hive: no column '" + name + "'");
  }

  [[nodiscard]] bool is_null(std::size_t row, std::size_t column) const { return at(row, column).is_null(row); }

  /// std::nullopt: NULL. An integer may be asked for as a wider one; everything else only as what it is.
  template <class T>
  [[nodiscard]] std::optional<T> get(std::size_t row, std::size_t column) const {
    const HiveCells& cells = at(row, column);
    if (cells.is_null(row)) return std::nullopt;
    const auto convert = [row, column](const auto& values) { return converted<T>(values, row, column); };
    return std::visit(convert, cells.values);
  }

  [[nodiscard]] HiveValue value(std::size_t row, std::size_t column) const {
    const HiveCells& cells = at(row, column);
    if (cells.is_null(row)) return {};
    const auto convert = [row](const auto& values) {
      using Cell = typename std::decay_t<decltype(values)>::value_type;
      return HiveValue(static_cast<Cell>(values[row]));
    };
    return std::visit(convert, cells.values);
  }

  /// To the end of these; the same columns of the same types, or std::invalid_argument.
  void append(HiveRows more) {
    if (cells_.empty()) return cells_.swap(more.cells_);
    if (more.width() != width()) throw std::invalid_argument("Hive: a batch of rows has another number of columns");
    for (std::size_t i = 0; i < width(); ++i) cells_[i].append(std::move(more.cells_[i]));
  }

 private:
  [[nodiscard]] const HiveCells& at(std::size_t row, std::size_t column) const {
    if (column < width() && row < size()) return cells_[column];
    throw std::out_of_range("Hive: no cell " + std::to_string(row) + ", " + std::to_string(column) + " in " +
                            std::to_string(size()) + " rows of " + std::to_string(width()) + " columns");
  }

  template <class T, class Values>
  static T converted(const Values& values, std::size_t row, std::size_t column) {
    using Cell = typename Values::value_type;
    constexpr bool widens = std::integral<T> && std::integral<Cell> && !std::same_as<T, bool> &&
                            !std::same_as<Cell, bool> && std::signed_integral<T> && sizeof(T) >= sizeof(Cell);
    if constexpr (std::same_as<T, Cell> || widens) {
      return static_cast<T>(values[row]);
    } else {
      throw std::invalid_argument("Hive: column " + std::to_string(column) + " holds another type");
    }
  }

  std::vector<HiveColumn> columns_;
  std::vector<HiveCells> cells_;
};

}  // namespace carpool
