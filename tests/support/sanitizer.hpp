/// Which sanitizer this program is built with: CARPOOL_THREAD_SANITIZER and CARPOOL_SANITIZED are true or false. The
/// two compilers say so in their own words.
#pragma once

#if defined(__has_feature)
#define CARPOOL_HAS_SANITIZER(name) __has_feature(name##_sanitizer)
#else
#define CARPOOL_HAS_SANITIZER(name) false
#endif

#if defined(__SANITIZE_THREAD__) || CARPOOL_HAS_SANITIZER(thread)
#define CARPOOL_THREAD_SANITIZER true
#else
#define CARPOOL_THREAD_SANITIZER false
#endif

#if defined(__SANITIZE_ADDRESS__) || CARPOOL_HAS_SANITIZER(address) || CARPOOL_THREAD_SANITIZER
#define CARPOOL_SANITIZED true
#else
#define CARPOOL_SANITIZED false
#endif
