/// What a slot keeps for the pool's observer, beside the connection.
#pragma once

#include <carpool/observer.hpp>

#include <string>

namespace carpool::inline v0_1::detail {

/// Nothing, for an observer that wants to know no more than an id.
template <class Observer>
struct Observed {};

/// Written by the connect that begins, and then, but for the attachment, not before the next.
template <class Observer>
  requires wants_connection_info<Observer>
struct Observed<Observer> {
  std::string server;  // in the connector's words
  [[no_unique_address]] attachment_t<Observer> attachment{};
};

}  // namespace carpool::inline v0_1::detail
