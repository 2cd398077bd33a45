/// Which statements a PostgreSQL connection has prepared, by their text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace carpool::inline v0_1::detail {

/// The least recently used one leaves first.
class PostgresStatements {
 public:
  struct Entry {
    std::string sql;
    std::string name;
  };

  /// Null where it is not prepared.
  [[nodiscard]] const Entry* find(const std::string& sql) {
    const auto found = by_sql_.find(sql);
    if (found == by_sql_.end()) return nullptr;
    by_use_.splice(by_use_.begin(), by_use_, found->second);
    return &by_use_.front();
  }

  /// No two of a connection are alike, so that one whose DEALLOCATE was lost harms nobody.
  [[nodiscard]] std::string fresh_name() { return "carpool_" + std::to_string(++last_); }

  const Entry& add(std::string sql, std::string name) {
    by_use_.push_front({std::move(sql), std::move(name)});
    by_sql_.emplace(by_use_.front().sql, by_use_.begin());
    return by_use_.front();
  }

  [[nodiscard]] std::size_t size() const noexcept { return by_use_.size(); }
  [[nodiscard]] const Entry& oldest() const noexcept { return by_use_.back(); }

  void remove(const std::string& sql) {
    const auto found = by_sql_.find(sql);
    if (found == by_sql_.end()) return;
    const auto entry = found->second;
    by_sql_.erase(found);  // whose key is the entry's text
    by_use_.erase(entry);
  }
  void remove_oldest() {
    const std::string sql = by_use_.back().sql;  // a copy, for it goes with its entry
    remove(sql);
  }
  void clear() noexcept {
    by_sql_.clear();
    by_use_.clear();
  }

 private:
  std::list<Entry> by_use_;
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_sql_;
  std::uint64_t last_ = 0;
};

}  // namespace carpool::inline v0_1::detail
