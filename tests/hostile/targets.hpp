#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace immure::hostile {

/// What an attempt is aimed at: things that really are there on the host, and the machine of our own.
struct Targets {
  pid_t victim = 0;                   ///< another guest's VMM, by its number on the host
  pid_t victim_monitor = 0;           ///< that guest's monitor
  pid_t keeper = 0;                   ///< our own guest's keeper
  std::uintptr_t victim_address = 0;  ///< of something in that VMM's memory
  std::string victim_disk;            ///< path on the host
  std::string victim_socket;          ///< of that guest's monitor
  std::string own_disk;               ///< path of our own disk on the host
  std::string own_cgroup;             ///< its folder on the host
  // Parts of whoever starts the guests; where that is not immure, the command says which.
  std::string command = "/usr/bin/immure";
  std::string launcher = "/usr/libexec/immure/immure-launch";
  std::string launcher_label = "system_u:system_r:immure_t:s0";
  std::string images = "/var/lib/immure/images";
  std::string image_label = "system_u:object_r:immure_image_t:s0";  ///< of a disk that every guest may use
  std::string guests = "/run/immure/guests";                        ///< a folder for each guest that runs
  std::string journals = "/var/lib/immure/journal";                 ///< what has to be undone
  int kvm = -1;                                                     ///< /dev/kvm
  int vm = -1;                                                      ///< our machine
  int vcpu = -1;                                                    ///< its CPU
  int disk = -1;                                                    ///< our own disk
  int shared_disk = -1;                                             ///< a disk that may only be read
  int record = -1;                                                  ///< a sealed memfd
  int kernel_image = -1;                                            ///< another
  int console = -1;                                                 ///< a socket to our monitor
  int control = -1;                                                 ///< another
  int log = -1;                                                     ///< a pipe to our monitor
};

/// Takes one "KEY=VALUE" of a command; unknown keys are left alone.
void take(Targets& targets, std::string_view word);

}  // namespace immure::hostile
