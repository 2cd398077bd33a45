/// Reads --only backend=fiber,thread,queue=lifo into a Selection.
#pragma once

#include "combination.hpp"
#include "usage_error.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace carpool::compare {

namespace detail {

template <class Kind>
std::vector<Kind> kinds_called(std::string_view axis, std::string_view name) {
  if (name == "all") return all_kinds<Kind>();
  if (const auto kind = find_kind<Kind>(name)) return {*kind};
  throw UsageError("--only: no " + std::string(axis) + " is called '" + std::string(name) + "'; there are " +
                   list_names<Kind>() + ", all");
}

template <class Kind>
void select_kind(std::vector<Kind>& chosen, std::string_view axis, std::string_view name) {
  for (const auto kind : kinds_called<Kind>(axis, name)) {
    if (std::find(chosen.begin(), chosen.end(), kind) == chosen.end()) chosen.push_back(kind);
  }
}

inline void select_one(Selection& selection, std::string_view axis, std::string_view name) {
  if (axis == "backend") return select_kind(selection.backends, axis, name);
  if (axis == "queue") return select_kind(selection.queues, axis, name);
  if (axis == "eviction") return select_kind(selection.evictions, axis, name);
  throw UsageError("--only: '" + std::string(axis) + "' is not an axis; write backend=, queue= or eviction=");
}

inline std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find(separator, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

}  // namespace detail

/// Adds one --only argument: comma-separated axis=value items; an item without '=' belongs to the axis before it.
inline void select_only(Selection& selection, std::string_view argument) {
  std::string_view axis;
  for (const auto item : detail::split(argument, ',')) {
    const auto equals = item.find('=');
    if (equals != std::string_view::npos) axis = item.substr(0, equals);
    if (axis.empty())
      throw UsageError("--only: '" + std::string(item) + "' names no axis; write backend=, queue= or eviction=");
    detail::select_one(selection, axis, equals == std::string_view::npos ? item : item.substr(equals + 1));
  }
}

}  // namespace carpool::compare
