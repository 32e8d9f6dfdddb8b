// What only starting needs goes back before the ranks come to their peak: heap that readers have freed, and pages of programs and
// libraries that hold symbols, relocations and the code of readers. Such a page comes back by itself, without a look at the disk,
// should it be needed again.
#include "Command.h"

#include <cstdint>
#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

namespace tp::run {

void giveBackWhatStartingTook() {
  ::malloc_trim(0);
  auto giveBack = [](dl_phdr_info *object, size_t, void *) {
    for (int i = 0; i < object->dlpi_phnum; ++i) {
      const ElfW(Phdr) &segment = object->dlpi_phdr[i];
      // What may be written holds addresses that the loader has put there: those bytes are not in the file.
      if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W))
        continue;
      uintptr_t page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE)), begin = object->dlpi_addr + segment.p_vaddr;
      uintptr_t end = (begin + segment.p_memsz) / page * page;
      begin = (begin + page - 1) / page * page;
      if (begin < end)
        ::madvise(reinterpret_cast<void *>(begin), end - begin, MADV_DONTNEED);
    }
    return 0;
  };
  ::dl_iterate_phdr(giveBack, nullptr);
}

} // namespace tp::run
