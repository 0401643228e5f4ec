# Completion of immure(1) for bash.

_immure_guests() {
  immure ps 2>/dev/null | awk 'NR > 1 { print $1 }'
}

_immure() {
  local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]}
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W \
      "run ps inspect console stop kill pause resume reset balloon limit top metrics analyze gc logs wait events audit policy validate doctor measure sign verify-manifest tpm verify report snp --help --version" -- "$word")
    return
  fi
  local options="--help"
  case $command in
    run) options="--help --detach --dry-run --json" ;;
    ps | inspect | validate) options="--help --json" ;;
    doctor) options="--help --json --strict" ;;
    stop) options="--help --timeout" ;;
    limit) options="--help --bytes-per-second --bytes-burst --operations-per-second --operations-burst" ;;
    logs) options="--help --follow" ;;
    analyze) options="--help --svg --json" ;;
    top) options="--help --once --count --delay --json" ;;
    events) options="--help --follow --json" ;;
    audit) options="--help --head --file --json" ;;
    policy) options="--help --as --json" ;;
    snp) options="--help --ovmf --vcpus --vcpu-type --kernel --initrd --append --guest-features --vmm --svsm --vars-size --expected --digest --id-key --author-key --family-id --image-id --guest-svn --policy --allow-shared-key --json" ;;
    measure) options="--help --json --log --log-format --pcr --vmm --largest-disk --disks-by --check-verity" ;;
    sign) options="--help --key --output --expires --allow-shared-key --vmm --largest-disk --disks-by --check-verity" ;;
    verify-manifest) options="--help --keys --spec --revoked --at-time --vmm --largest-disk --disks-by --check-verity --json" ;;
    report) options="--help --report --certs --policy --product --at-time --trust-anchor --json" ;;
  esac
  if [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
    return
  fi
  case $command in
    snp) mapfile -t COMPREPLY < <(compgen -W "digest explain id-block" -- "$word"; compgen -f -- "$word") ;;
    report) mapfile -t COMPREPLY < <(compgen -W "verify" -- "$word"; compgen -f -- "$word") ;;
    policy) mapfile -t COMPREPLY < <(compgen -W "check" -- "$word"; compgen -f -- "$word") ;;
    audit) mapfile -t COMPREPLY < <(compgen -W "show verify $(_immure_guests)" -- "$word") ;;
    run | validate | measure | sign) mapfile -t COMPREPLY < <(compgen -f -X '!*.toml' -- "$word"; compgen -d -- "$word") ;;
    verify-manifest) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
    inspect | console | stop | kill | pause | resume | reset | balloon | limit | metrics | analyze | logs | wait)
      mapfile -t COMPREPLY < <(compgen -W "$(_immure_guests)" -- "$word")
      ;;
  esac
}

complete -o filenames -F _immure immure
