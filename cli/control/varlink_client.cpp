#include "cli/control/varlink_client.hpp"

#include <array>

#include <fmt/core.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/printable.hpp"
#include "cli/console/guest_socket.hpp"

namespace immure::cli {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

std::string text_in(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? printable(found->get<std::string>()) : "";
}

/// The errors of the interface, in words.
std::unexpected<Failure> failure_of(std::string_view method, const std::string& error,
                                    const json& parameters) {
  auto text = error;
  std::string hint;
  if (error == "io.immure.Guest.NoBalloon") {
    text = "the guest has no balloon";
    hint = "a guest has a balloon where its specification says memory.balloon = true";
  } else if (error == "io.immure.Guest.NoSuchDevice") {
    text = "the guest has no device " + text_in(parameters, "device") + " that can be limited";
    hint = "disk:ID and net:ID are named as in the specification; console and rng where the guest has them";
  } else if (error == "io.immure.Guest.VmmSilent") {
    text = "the VMM does not answer";
    hint = "a paused guest's does not: `immure ps` shows its state";
  } else if (error == "io.immure.Guest.TooMany") {
    text = "too many requests wait for the VMM";
  } else if (error == "io.immure.Guest.Refused") {
    text = "the VMM refused: " + text_in(parameters, "reason");
  } else if (error == "org.varlink.service.InvalidParameter") {
    text = "the monitor does not take the parameter " + text_in(parameters, "parameter");
  }
  return fail(ExitCode::failure, fmt::format("{}: {}", method, text), hint);
}

}  // namespace

Expected<VarlinkClient> VarlinkClient::connect(std::string_view guest) {
  return VarlinkClient(IMMURE_TRY(connect_to_guest(guest, "varlink.sock", SOCK_STREAM)));
}

Expected<std::optional<json>> VarlinkClient::call(std::string_view method, const json& parameters) {
  auto request =
      json{{"method", fmt::format("io.immure.Guest.{}", method)}, {"parameters", parameters}}.dump();
  request += '\0';
  // Far less than what a socket takes at once.
  if (::send(fd_.get(), request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
    return system_error("send to the monitor");
  const auto text = IMMURE_TRY(receive());
  if (!text) return std::nullopt;
  const auto reply = json::parse(*text, nullptr, false);
  if (!reply.is_object()) return invalid("the monitor sent no JSON object");
  auto answer = reply.value("parameters", json::object());
  if (!answer.is_object()) return invalid("the monitor sent an answer without parameters");
  if (const auto error = text_in(reply, "error"); !error.empty()) return failure_of(method, error, answer);
  return answer;
}

/// One message without its NUL; nothing where the connection ends instead.
Result<std::optional<std::string>> VarlinkClient::receive() {
  std::string text;
  std::array<char, 8192> chunk{};
  const auto deadline = Clock::now() + patience;
  while (text.size() <= max_reply_bytes) {
    pollfd polled{.fd = fd_.get(), .events = POLLIN, .revents = 0};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    const int n = left.count() <= 0 ? 0 : ::poll(&polled, 1, static_cast<int>(left.count()));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error("poll the monitor");
    if (n == 0) return invalid("the monitor does not answer");
    const auto count = ::recv(fd_.get(), chunk.data(), chunk.size(), MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (count < 0 && errno != ECONNRESET) return system_error("receive from the monitor");
    if (count <= 0) return std::nullopt;
    const std::string_view came(chunk.data(), static_cast<std::size_t>(count));
    text += came.substr(0, came.find('\0'));
    if (came.contains('\0')) return text;
  }
  return invalid("the monitor's answer is too long");
}

}  // namespace immure::cli
