/*
 * The serial port, in a table of its own: a machine without it has no such table. The numbers are those of
 * vmm/machine_layout.hpp; a unit test compares them.
 */
DefinitionBlock ("serial.aml", "SSDT", 2, "IMMURE", "SERIAL", 1)
{
    Scope (\_SB)
    {
        Device (COM1)
        {
            Name (_HID, EisaId ("PNP0501"))
            Name (_UID, 0)
            Name (_CRS, ResourceTemplate ()
            {
                IO (Decode16, 0x03F8, 0x03F8, 0x01, 0x08)
                Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive) { 4 }
            })
        }
    }
}
