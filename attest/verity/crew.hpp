#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace immure::attest::verity {

/// Threads for one piece of work that can be done in parts. A program that is about to confine itself makes
/// them before, since it cannot do so afterwards.
class Crew {
 public:
  /// `members` counts the caller; at least 1.
  explicit Crew(unsigned members);
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;
  ~Crew();

  /// Runs work(0) here and work(1), work(2), ... on the other threads, and waits for all of them.
  void run(const std::function<void(unsigned member)>& work);

  [[nodiscard]] unsigned members() const { return static_cast<unsigned>(threads_.size()) + 1; }

 private:
  void serve(unsigned member);

  std::mutex mutex_;
  std::condition_variable changed_;
  const std::function<void(unsigned)>* work_ = nullptr;
  std::uint64_t round_ = 0;  ///< of work that was given out
  unsigned busy_ = 0;        ///< threads that have not finished this round
  enum class State { serving, ending } state_ = State::serving;
  std::vector<std::thread> threads_;
};

}  // namespace immure::attest::verity
