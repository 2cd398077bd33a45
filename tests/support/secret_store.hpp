/// Where a program's password is kept: a test changes it, providers of credentials read it.
#pragma once

#include <carpool/credentials.hpp>
#include <carpool/time.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

/// The providers that it makes share it, and must not outlive it.
class SecretStore {
 public:
  explicit SecretStore(std::string user, std::string password)
      : user_(std::move(user)), password_(std::move(password)) {}
  SecretStore(const SecretStore&) = delete;
  SecretStore& operator=(const SecretStore&) = delete;

  void set(std::string password) {
    const std::scoped_lock lock(mutex_);
    password_ = std::move(password);
  }
  [[nodiscard]] std::string password() const {
    const std::scoped_lock lock(mutex_);
    return password_;
  }
  /// What providers give ends after so long; std::nullopt: never.
  void expire_after(std::optional<carpool::Duration> length) {
    const std::scoped_lock lock(mutex_);
    length_ = length;
  }
  [[nodiscard]] std::uint64_t asked() const noexcept { return asked_; }      ///< how many times providers were asked
  [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }  ///< of these, after a refusal

  /// Where a server has refused what it gave, it waits until there is something else.
  [[nodiscard]] carpool::CredentialsProvider provider() {
    return [this](const carpool::CredentialsRequest& request) {
      ++asked_;
      if (request.refused != nullptr) await_other_than(*request.refused, request.deadline);
      const std::scoped_lock lock(mutex_);
      const auto now = std::chrono::steady_clock::now();
      return carpool::Credentials{
          .user = user_, .password = password_, .expires = length_ ? now + *length_ : carpool::never};
    };
  }

 private:
  void await_other_than(const carpool::Credentials& refused, carpool::TimePoint deadline) {
    ++refused_;
    while (password() == refused.password && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  const std::string user_;
  mutable std::mutex mutex_;
  std::string password_;  // guarded by mutex_, as is the next
  std::optional<carpool::Duration> length_;
  std::atomic<std::uint64_t> asked_ = 0;
  std::atomic<std::uint64_t> refused_ = 0;
};
