/*
 * The devices that cannot be discovered: the PCI host bridge, the generic event device with the power
 * button, and the port for panics. The numbers are those of vmm/machine_layout.hpp and
 * vmm/devices/power.hpp; a unit test compares them.
 */
DefinitionBlock ("dsdt.aml", "DSDT", 2, "IMMURE", "IMMUREVM", 1)
{
    // Power off: SLP_TYP for the sleep control register (ACPI 6.5, 7.4.2.6).
    Name (\_S5, Package () { 5, 0, 0, 0 })

    Scope (\_SB)
    {
        Device (PCI0)
        {
            Name (_HID, EisaId ("PNP0A08"))
            Name (_CID, EisaId ("PNP0A03"))
            Name (_SEG, 0)
            Name (_BBN, 0)
            Name (_UID, 0)
            Name (_CRS, ResourceTemplate ()
            {
                WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode,
                    0x0000, 0x0000, 0x0000, 0x0000, 0x0001)
                DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable, ReadWrite,
                    0x00000000, 0xC0000000, 0xCFFFFFFF, 0x00000000, 0x10000000)
            })
        }

        // Claims the configuration space, so that nobody places a device there.
        Device (MRES)
        {
            Name (_HID, EisaId ("PNP0C02"))
            Name (_UID, 1)
            Name (_CRS, ResourceTemplate ()
            {
                Memory32Fixed (ReadWrite, 0xE0000000, 0x00100000)
            })
        }

        Device (GED)
        {
            Name (_HID, "ACPI0013")
            Name (_UID, 0)
            Name (_CRS, ResourceTemplate ()
            {
                Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive) { 5 }
            })
            OperationRegion (EREG, SystemIO, 0x0603, 0x01)
            Field (EREG, ByteAcc, NoLock, WriteAsZeros)
            {
                ESEL, 8
            }
            Method (_EVT, 1, Serialized)
            {
                Local0 = ESEL
                If (Local0 & 1)
                {
                    Notify (\_SB.PWRB, 0x80)
                }
            }
        }

        // The driver knows the device by this name (drivers/misc/pvpanic/pvpanic-mmio.c).
        Device (PEVT)
        {
            Name (_HID, "QEMU0001")
            Name (_UID, 0)
            Name (_CRS, ResourceTemplate ()
            {
                IO (Decode16, 0x0505, 0x0505, 0x01, 0x01)
            })
        }

        Device (PWRB)
        {
            Name (_HID, EisaId ("PNP0C0C"))
            Name (_UID, 0)
        }
    }
}
