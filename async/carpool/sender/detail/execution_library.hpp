/// The P2300 library that acquire_sender is made of: the standard library's std::execution, or else stdexec.
#pragma once

#include <version>

#if defined(__cpp_lib_senders)
#include <execution>
#include <stop_token>
#elif __has_include(<stdexec/execution.hpp>)
#include <stdexec/execution.hpp>
#else
#error "carpool/acquire_sender.hpp needs a P2300 library: std::execution, or <stdexec/execution.hpp>"
#endif

namespace carpool::inline v0_1::detail::p2300 {

#if defined(__cpp_lib_senders)
using namespace std::execution;  // NOLINT(google-build-using-namespace): its names are ours here
using std::get_stop_token;
using std::stop_callback_for_t;
using std::stop_token_of_t;
#else
using namespace stdexec;  // NOLINT(google-build-using-namespace): its names are ours here
#endif

/// What marks a sender is called sender_t by some releases and sender_tag by others.
using SenderConcept = decltype(just())::sender_concept;

/// What marks an operation, as `Other` is marked; nothing where the library wants none.
template <class Other>
struct OperationConceptOf {};
template <class Other>
  requires requires { typename Other::operation_state_concept; }
struct OperationConceptOf<Other> {
  using operation_state_concept = typename Other::operation_state_concept;
};

}  // namespace carpool::inline v0_1::detail::p2300
