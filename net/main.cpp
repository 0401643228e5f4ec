#include <malloc.h>
#include <unistd.h>

#include "base/log.hpp"
#include "base/sealed_memfd.hpp"
#include "net/confine.hpp"
#include "net/filter.hpp"

namespace {

using namespace immure;

/// Yields the socket that the table belongs to.
Result<UniqueFd> filter() {
  const auto record = IMMURE_TRY(read_sealed_record<policy::NetFilterRecord>(STDIN_FILENO));
  IMMURE_TRY(policy::check(record));
  auto nftables = IMMURE_TRY(net::Nftables::open());
  IMMURE_TRY(net::confine());
  IMMURE_TRY(net::put_in_force(nftables, record));
  auto owner = nftables.share_socket();
  IMMURE_TRY(net::drop_capabilities());
  return owner;
}

Result<void> report(const Result<UniqueFd>& filtered) {
  policy::NetFilterReport report;
  report.header = policy::header_of<policy::NetFilterReport>();
  report.in_force = filtered ? policy::Switch::on : policy::Switch::off;
  if (!filtered) report.message = decltype(report.message)::fitting(filtered.error().message);
  return write_all(STDOUT_FILENO, bytes_of(report));
}

}  // namespace

int main(int argc, char** argv) {
  set_log_name("immure-net");
  if (argc == 2 && std::string_view(argv[1]) == "--version") {
    constexpr std::string_view version = "immure-net " IMMURE_VERSION "\n";
    return write_all(STDOUT_FILENO, std::as_bytes(std::span(version))) ? 0 : 1;
  }
  const auto owner = filter();
  if (const auto told = report(owner); !told || !owner) {
    log_line((owner ? told.error() : owner.error()).message);
    return 1;
  }
  ::close(STDIN_FILENO);
  ::close(STDOUT_FILENO);
  ::malloc_trim(0);
  // The table lives as long as this process, which is killed with the guest's cgroup.
  while (true) ::pause();
}
